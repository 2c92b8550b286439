// Command regexp runs every method that secretcore.regexp has.
//
// Standard input is a JSON array of {"patterns": [...], "texts": [...], "replacement": text, "n": number}; standard
// output an array with one object for each pattern and text, and one for each pattern that does not compile.
package main

import (
	"regexp"

	"vectors/golang/vector"
)

type group struct {
	Patterns    []vector.Text
	Texts       []vector.Text
	Replacement vector.Text
	N           int
}

type result struct {
	Pattern vector.Text `json:"pattern"`
	Invalid bool        `json:"invalid,omitempty"`
	*answers
}

type answers struct {
	Text        vector.Text   `json:"text"`
	Replacement vector.Text   `json:"replacement"`
	N           int           `json:"n"`
	Match       bool          `json:"match"`
	Find        vector.Text   `json:"find"`
	FindAll     []vector.Text `json:"find_all"`
	FindN       []vector.Text `json:"find_n"`
	Replaced    vector.Text   `json:"replaced"`
	Literal     vector.Text   `json:"literal"`
	Split       []vector.Text `json:"split"`
	SplitN      []vector.Text `json:"split_n"`
	Quoted      vector.Text   `json:"quoted"`
}

func answer(re *regexp.Regexp, text, replacement string, n int) *answers {
	return &answers{
		Text:        vector.Text(text),
		Replacement: vector.Text(replacement),
		N:           n,
		Match:       re.MatchString(text),
		Find:        vector.Text(re.FindString(text)),
		FindAll:     vector.Texts(re.FindAllString(text, -1)),
		FindN:       vector.Texts(re.FindAllString(text, n)),
		Replaced:    vector.Text(re.ReplaceAllString(text, replacement)),
		Literal:     vector.Text(re.ReplaceAllLiteralString(text, replacement)),
		Split:       vector.Texts(re.Split(text, -1)),
		SplitN:      vector.Texts(re.Split(text, n)),
		Quoted:      vector.Text(regexp.QuoteMeta(text)),
	}
}

func main() {
	var groups []group
	vector.Read(&groups)
	var results []result
	for _, g := range groups {
		for _, pattern := range g.Patterns {
			re, err := regexp.Compile(string(pattern))
			if err != nil {
				results = append(results, result{Pattern: pattern, Invalid: true})
				continue
			}
			for _, text := range g.Texts {
				results = append(results, result{Pattern: pattern, answers: answer(re, string(text), string(g.Replacement), g.N)})
			}
		}
	}
	vector.Write(results)
}
