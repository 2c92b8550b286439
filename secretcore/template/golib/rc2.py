"""RC2 in CBC mode, decryption only: old PKCS#12 files encrypt their certificates with its 40-bit form (RFC
2268).

Input: key, initialisation vector and ciphertext. Output: plaintext with its padding. `cryptography` has
only the 128-bit form.
"""

_PI = bytes.fromhex(
    "d978f9c419ddb5ed28e9fd794aa0d89dc67e37832b76538e624c6488448bfba2179a59f587b34f1361456d8d09817d32"
    "bd8f40eb86b77b0bf09521225c6b4e8254d66593ce60b21c7356c014a78cf1dc1275ca1f3bbee4d1423dd430a33cb626"
    "6fbf0eda4669075727f21d9bbc944303f811c7f690ef3ee706c3d52fc8661ed708e8eade8052eef784aa72ac354d6a2a"
    "961ad2715a1549744b9fd05e0418a4ecc2e0416e0f51cbcc2491af50a1f47039997c3a8523b8b47afc02365b25559731"
    "2d5dfa98e38a92ae05df2910676cbac9d300e6cfe19ea82c6316013f58e289a90d38341bab33ffb0bb480c5fb9b1cd2e"
    "c5f3db47e5a59c770aa62068fe7fc1ad"
)
_ROTATIONS = (1, 2, 3, 5)


def _expand(key: bytes) -> list[int]:
    """64 words of 16 bits; the effective length is the key's own."""
    bits = len(key) * 8
    table = bytearray(key.ljust(128, b"\0"))
    for at in range(len(key), 128):
        table[at] = _PI[(table[at - 1] + table[at - len(key)]) & 0xFF]
    size = (bits + 7) // 8
    table[128 - size] = _PI[table[128 - size] & (0xFF >> (-bits & 7))]
    for at in range(127 - size, -1, -1):
        table[at] = _PI[table[at + 1] ^ table[at + size]]
    return [table[2 * at] | table[2 * at + 1] << 8 for at in range(64)]


def _decrypt_block(words: list[int], block: bytes) -> bytes:
    r = [int.from_bytes(block[at : at + 2], "little") for at in (0, 2, 4, 6)]
    for turn in range(15, -1, -1):
        for at in (3, 2, 1, 0):
            rotated = _ROTATIONS[at]
            value = (r[at] >> rotated | r[at] << (16 - rotated)) & 0xFFFF
            before, second, third = r[at - 1], r[at - 2], r[at - 3]
            r[at] = (value - words[4 * turn + at] - (before & second) - (~before & third)) & 0xFFFF
        if turn in (5, 11):
            for at in (3, 2, 1, 0):
                r[at] = (r[at] - words[r[at - 1] & 63]) & 0xFFFF
    return b"".join(value.to_bytes(2, "little") for value in r)


def decrypt_cbc(key: bytes, iv: bytes, data: bytes) -> bytes:
    """Decrypt whole blocks of 8 bytes."""
    words = _expand(key)
    out = bytearray()
    for at in range(0, len(data), 8):
        block = data[at : at + 8]
        out += bytes(mine ^ other for mine, other in zip(_decrypt_block(words, block), iv, strict=True))
        iv = block
    return bytes(out)
