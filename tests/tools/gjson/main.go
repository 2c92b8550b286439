// Command gjson evaluates paths with the Go library and writes what it answers.
//
// Standard input is a JSON array of {"document": text, "paths": [text, ...]}; standard output a JSON array with one
// object a line for each pair. A text that is not UTF-8 is {"hex": its bytes}. A pair on which the library panics is
// left out, with a note on standard error.
package main

import (
	"bufio"
	"bytes"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"os"
	"unicode/utf8"

	"github.com/tidwall/gjson"
)

type text string

func (t text) MarshalJSON() ([]byte, error) {
	var out bytes.Buffer
	encoder := json.NewEncoder(&out)
	encoder.SetEscapeHTML(false)
	var err error
	if utf8.ValidString(string(t)) {
		err = encoder.Encode(string(t))
	} else {
		err = encoder.Encode(map[string]string{"hex": hex.EncodeToString([]byte(t))})
	}
	return bytes.TrimSpace(out.Bytes()), err
}

func (t *text) UnmarshalJSON(data []byte) error {
	if data[0] != '{' {
		return json.Unmarshal(data, (*string)(t))
	}
	var coded struct{ Hex string }
	if err := json.Unmarshal(data, &coded); err != nil {
		return err
	}
	raw, err := hex.DecodeString(coded.Hex)
	*t = text(raw)
	return err
}

type group struct {
	Document text
	Paths    []text
}

type vector struct {
	Document text   `json:"document"`
	Path     text   `json:"path"`
	Exists   bool   `json:"exists"`
	Type     string `json:"type"`
	Raw      text   `json:"raw"`
	Text     text   `json:"text"`
}

func evaluate(document, path text) (v vector, ok bool) {
	defer func() {
		if problem := recover(); problem != nil {
			fmt.Fprintf(os.Stderr, "left out: %q %q: %v\n", document, path, problem)
		}
	}()
	found := gjson.Get(string(document), string(path))
	return vector{document, path, found.Exists(), found.Type.String(), text(found.Raw), text(found.String())}, true
}

func main() {
	var groups []group
	if err := json.NewDecoder(bufio.NewReader(os.Stdin)).Decode(&groups); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	out := bufio.NewWriter(os.Stdout)
	defer out.Flush()
	separator := "["
	for _, g := range groups {
		for _, path := range g.Paths {
			v, ok := evaluate(g.Document, path)
			if !ok {
				continue
			}
			var line bytes.Buffer
			encoder := json.NewEncoder(&line)
			encoder.SetEscapeHTML(false)
			if err := encoder.Encode(v); err != nil {
				fmt.Fprintln(os.Stderr, err)
				os.Exit(1)
			}
			fmt.Fprintf(out, "%s\n%s", separator, bytes.TrimSpace(line.Bytes()))
			separator = ","
		}
	}
	fmt.Fprint(out, "\n]\n")
}
