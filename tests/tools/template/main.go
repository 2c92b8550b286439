// The oracle of the template engine: Go's text/template with the functions that the External Secrets Operator gives it.
//
// It reads one JSON request a line from standard input and writes one JSON answer a line to standard output, so that
// tests can ask it about as many templates as they like. Strings that may hold any bytes travel as base64.
package main

import (
	"bufio"
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"regexp"
	"strconv"
	"text/template"
	"time"
)

// request is a template and what to render it with: either strings, as an ExternalSecret does, or a JSON document.
type request struct {
	Name       string            `json:"name"`
	Text       []byte            `json:"text"`
	Strings    map[string][]byte `json:"strings"`
	Document   any               `json:"document"`
	Delimiters []string          `json:"delimiters"`
	Times      int               `json:"times"` // for measuring: how often to parse and to render
}

// answer has the output or the error, never both.
type answer struct {
	Output  []byte `json:"output,omitempty"`
	Error   string `json:"error,omitempty"`
	Phase   string `json:"phase,omitempty"`
	Line    int    `json:"line,omitempty"`
	ParseNS int64  `json:"parse_ns,omitempty"`
	NS      int64  `json:"render_ns,omitempty"`
}

func (r request) data() any {
	if r.Strings == nil {
		return r.Document
	}
	data := make(map[string]string, len(r.Strings))
	for key, value := range r.Strings {
		data[key] = string(value)
	}
	return data
}

func (r request) parse() (*template.Template, error) {
	left, right := "", ""
	if len(r.Delimiters) == 2 {
		left, right = r.Delimiters[0], r.Delimiters[1]
	}
	return template.New(r.Name).Option("missingkey=error").Funcs(functions()).Delims(left, right).Parse(string(r.Text))
}

func (r request) failed(phase string, err error) answer {
	text := err.Error()
	line := 0
	place := regexp.MustCompile(`^template: ` + regexp.QuoteMeta(r.Name) + `:(\d+):`)
	if found := place.FindStringSubmatch(text); found != nil {
		line, _ = strconv.Atoi(found[1])
	}
	return answer{Error: text, Phase: phase, Line: line}
}

func (r request) render() (result answer) {
	defer func() {
		if p := recover(); p != nil {
			result = r.failed("panic", fmt.Errorf("%v", p))
		}
	}()
	parsed, err := r.parse()
	if err != nil {
		return r.failed("parse", err)
	}
	var output bytes.Buffer
	if err := parsed.Execute(&output, r.data()); err != nil {
		return r.failed("execute", err)
	}
	if r.Times > 0 {
		return r.measure(parsed)
	}
	return answer{Output: output.Bytes()}
}

// measure says how long parsing and rendering take, on average.
func (r request) measure(parsed *template.Template) (result answer) {
	data := r.data()
	start := time.Now()
	for range r.Times {
		_, _ = r.parse()
	}
	result.ParseNS = time.Since(start).Nanoseconds() / int64(r.Times)
	start = time.Now()
	for range r.Times {
		var output bytes.Buffer
		_ = parsed.Execute(&output, data)
	}
	result.NS = time.Since(start).Nanoseconds() / int64(r.Times)
	return result
}

func main() {
	input := bufio.NewReaderSize(os.Stdin, 1<<20)
	output := json.NewEncoder(os.Stdout)
	output.SetEscapeHTML(false)
	requests := json.NewDecoder(input)
	for requests.More() {
		var asked request
		if err := requests.Decode(&asked); err != nil {
			fmt.Fprintln(os.Stderr, "not a request:", err)
			os.Exit(2)
		}
		if err := output.Encode(asked.render()); err != nil {
			os.Exit(1)
		}
	}
}
