// Command durations parses and formats durations.
//
// Standard input is {"parse": [text, ...], "format": [nanoseconds, ...]}; standard output is an array of
// {"parse": text, "nanoseconds": number, "text": how Go writes it} or {"parse": text, "error": sentence}, and of
// {"nanoseconds": number, "text": text} for those to format.
package main

import (
	"time"

	"vectors/golang/vector"
)

type result struct {
	Parse       *vector.Text `json:"parse,omitempty"`
	Error       string       `json:"error,omitempty"`
	Nanoseconds int64        `json:"nanoseconds"`
	Text        string       `json:"text"`
}

func main() {
	var cases struct {
		Parse  []vector.Text
		Format []int64
	}
	vector.Read(&cases)
	var results []result
	for _, text := range cases.Parse {
		duration, err := time.ParseDuration(string(text))
		if err != nil {
			results = append(results, result{Parse: &text, Error: err.Error()})
			continue
		}
		results = append(results, result{Parse: &text, Nanoseconds: int64(duration), Text: duration.String()})
	}
	for _, nanoseconds := range cases.Format {
		results = append(results, result{Nanoseconds: nanoseconds, Text: time.Duration(nanoseconds).String()})
	}
	vector.Write(results)
}
