// Command gjson evaluates paths with the Go library and writes what it answers.
//
// Standard input is a JSON array of {"document": text, "paths": [text, ...]}; standard output an array with one object
// for each pair. A pair on which the library panics is left out, with a note on standard error.
package main

import (
	"fmt"
	"os"

	"github.com/tidwall/gjson"

	"vectors/golang/vector"
)

type group struct {
	Document vector.Text
	Paths    []vector.Text
}

type result struct {
	Document vector.Text `json:"document"`
	Path     vector.Text `json:"path"`
	Exists   bool        `json:"exists"`
	Type     string      `json:"type"`
	Raw      vector.Text `json:"raw"`
	Text     vector.Text `json:"text"`
}

func evaluate(document, path vector.Text) (r result, ok bool) {
	defer func() {
		if problem := recover(); problem != nil {
			fmt.Fprintf(os.Stderr, "left out: %q %q: %v\n", document, path, problem)
		}
	}()
	found := gjson.Get(string(document), string(path))
	raw, text := vector.Text(found.Raw), vector.Text(found.String())
	return result{document, path, found.Exists(), found.Type.String(), raw, text}, true
}

func main() {
	var groups []group
	vector.Read(&groups)
	var results []result
	for _, g := range groups {
		for _, path := range g.Paths {
			if r, ok := evaluate(g.Document, path); ok {
				results = append(results, r)
			}
		}
	}
	vector.Write(results)
}
