//go:build operator

package main

import (
	"crypto"
	"crypto/rand"
	"crypto/rsa"
	_ "crypto/sha1"
	_ "crypto/sha256"
	_ "crypto/sha512"
	"crypto/x509"
	"encoding/base64"
	"encoding/pem"
	"errors"
	"fmt"
	"maps"
	"strings"
	"text/template"

	operator "github.com/external-secrets/external-secrets/pkg/template/v2"
	"software.sslmate.com/src/go-pkcs12"
)

// operatorFunctions are the operator's own functions, from its newest release that is a module with them in it. What came
// later is written here: junk before a PEM block, certSANs, trust stores, rsaDecrypt.
func operatorFunctions() template.FuncMap {
	all := template.FuncMap{}
	maps.Copy(all, operator.FuncMap())
	filter := all["filterPEM"].(func(string, string) (string, error))
	all["filterPEM"] = func(kind, text string) (string, error) { return filter(kind, fromFirstBlock(text)) }
	all["certSANs"] = subjectNames
	all["pemTruststoreToPKCS12"] = func(certificates string) (string, error) { return trustStore(certificates, "") }
	all["pemTruststoreToPKCS12Pass"] = trustStore
	all["rsaDecrypt"] = decrypt
	return all
}

func fromFirstBlock(text string) string {
	if at := strings.Index(text, "-----BEGIN"); at > 0 {
		return text[at:]
	}
	return text
}

func subjectNames(text string) ([]string, error) {
	block, _ := pem.Decode([]byte(fromFirstBlock(text)))
	if block == nil {
		return nil, errors.New("failed to decode PEM block")
	}
	certificate, err := x509.ParseCertificate(block.Bytes)
	if err != nil {
		return nil, fmt.Errorf("failed to parse certificate: %w", err)
	}
	names := append([]string{}, certificate.DNSNames...)
	for _, address := range certificate.IPAddresses {
		names = append(names, address.String())
	}
	names = append(names, certificate.EmailAddresses...)
	for _, uri := range certificate.URIs {
		names = append(names, uri.String())
	}
	return names, nil
}

func trustStore(text, password string) (string, error) {
	var certificates []*x509.Certificate
	for rest := []byte(text); len(rest) > 0; {
		var block *pem.Block
		block, rest = pem.Decode(rest)
		certificate, err := x509.ParseCertificate(block.Bytes)
		if err != nil {
			return "", err
		}
		certificates = append(certificates, certificate)
	}
	store, err := pkcs12.Modern.EncodeTrustStore(certificates, password)
	return base64.StdEncoding.EncodeToString(store), err
}

func decrypt(scheme, hash, text, key string) (string, error) {
	if scheme == "None" {
		return text, nil
	}
	if scheme != "RSA-OAEP" {
		return "", fmt.Errorf("decryption scheme %s is not supported", scheme)
	}
	block, _ := pem.Decode([]byte(key))
	if block == nil {
		return "", errors.New("failed to decode PEM block")
	}
	private, err := rsaKey(block.Bytes)
	if err != nil {
		return "", err
	}
	digest := crypto.SHA256
	switch hash {
	case "SHA1":
		digest = crypto.SHA1
	case "SHA512":
		digest = crypto.SHA512
	}
	plain, err := rsa.DecryptOAEP(digest.New(), rand.Reader, private, []byte(text), nil)
	if err != nil {
		return "", fmt.Errorf("error decrypting data with RSA: %w", err)
	}
	return string(plain), nil
}

func rsaKey(der []byte) (*rsa.PrivateKey, error) {
	var key any
	var err error
	if key, err = x509.ParsePKCS1PrivateKey(der); err != nil {
		if key, err = x509.ParsePKCS8PrivateKey(der); err != nil {
			if key, err = x509.ParseECPrivateKey(der); err != nil {
				return nil, errors.New("could not parse private key: unable to parse private key type")
			}
		}
	}
	private, ok := key.(*rsa.PrivateKey)
	if !ok {
		return nil, errors.New("could not parse RSA private key")
	}
	return private, nil
}
