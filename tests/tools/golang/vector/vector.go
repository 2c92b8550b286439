// Package vector reads cases and writes vectors: JSON in which a text that is not UTF-8 is {"hex": its bytes}.
package vector

import (
	"bufio"
	"bytes"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"os"
	"unicode/utf8"
)

// Text is a string of any bytes.
type Text string

func (t Text) MarshalJSON() ([]byte, error) {
	if utf8.ValidString(string(t)) {
		return encode(string(t))
	}
	return encode(map[string]string{"hex": hex.EncodeToString([]byte(t))})
}

func (t *Text) UnmarshalJSON(data []byte) error {
	if data[0] != '{' {
		return json.Unmarshal(data, (*string)(t))
	}
	var coded struct{ Hex string }
	if err := json.Unmarshal(data, &coded); err != nil {
		return err
	}
	raw, err := hex.DecodeString(coded.Hex)
	*t = Text(raw)
	return err
}

// Texts converts a list.
func Texts(texts []string) []Text {
	converted := make([]Text, 0, len(texts))
	for _, text := range texts {
		converted = append(converted, Text(text))
	}
	return converted
}

func encode(value any) ([]byte, error) {
	var out bytes.Buffer
	encoder := json.NewEncoder(&out)
	encoder.SetEscapeHTML(false)
	err := encoder.Encode(value)
	return bytes.TrimSpace(out.Bytes()), err
}

// Read decodes standard input.
func Read(cases any) {
	check(json.NewDecoder(bufio.NewReader(os.Stdin)).Decode(cases))
}

// Write prints an array with one value a line.
func Write[V any](vectors []V) {
	out := bufio.NewWriter(os.Stdout)
	defer out.Flush()
	separator := "["
	for _, value := range vectors {
		line, err := encode(value)
		check(err)
		fmt.Fprintf(out, "%s\n%s", separator, line)
		separator = ","
	}
	fmt.Fprint(out, "\n]\n")
}

func check(err error) {
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}
