// Command promql evaluates alerts with Prometheus' own engine over series that it is given.
//
// Standard input is a JSON object: "step" seconds lie between two samples, "series" are {"labels": {...}, "values":
// [number or null, ...]}, "rules" are alerts as a PrometheusRule has them. Standard output is an array with, for each
// rule, the elements of its expression at each step: {"labels", "annotations"}, annotations filled in.
package main

import (
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"math"
	"net/url"
	"os"
	"time"

	"github.com/prometheus/common/model"
	"github.com/prometheus/prometheus/model/histogram"
	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/promql"
	"github.com/prometheus/prometheus/promql/parser"
	"github.com/prometheus/prometheus/storage"
	"github.com/prometheus/prometheus/template"
	"github.com/prometheus/prometheus/tsdb/chunkenc"
	"github.com/prometheus/prometheus/tsdb/chunks"
	"github.com/prometheus/prometheus/util/annotations"
)

type series struct {
	Labels map[string]string `json:"labels"`
	Values []*float64        `json:"values"`
}

type rule struct {
	Alert       string            `json:"alert"`
	Expr        string            `json:"expr"`
	Annotations map[string]string `json:"annotations"`
}

type question struct {
	Step   int64    `json:"step"`
	Series []series `json:"series"`
	Rules  []rule   `json:"rules"`
}

type element struct {
	Labels      map[string]string `json:"labels"`
	Annotations map[string]string `json:"annotations"`
}

// sample is a point of a series.
type sample struct {
	at    int64
	value float64
}

func (s sample) ST() int64                     { return 0 }
func (s sample) T() int64                      { return s.at }
func (s sample) F() float64                    { return s.value }
func (s sample) H() *histogram.Histogram       { return nil }
func (s sample) FH() *histogram.FloatHistogram { return nil }
func (s sample) Type() chunkenc.ValueType      { return chunkenc.ValFloat }
func (s sample) Copy() chunks.Sample           { return s }

// memory answers selections from the series of the question.
type memory struct{ series []storage.Series }

func (m memory) Querier(_, _ int64) (storage.Querier, error) { return m, nil }
func (m memory) Close() error                                { return nil }

func (m memory) Select(_ context.Context, _ bool, _ *storage.SelectHints, wanted ...*labels.Matcher) storage.SeriesSet {
	var found []storage.Series
	for _, each := range m.series {
		if matches(each.Labels(), wanted) {
			found = append(found, each)
		}
	}
	return &set{found, -1}
}

func (m memory) LabelValues(context.Context, string, *storage.LabelHints, ...*labels.Matcher) ([]string, annotations.Annotations, error) {
	return nil, nil, nil
}

func (m memory) LabelNames(context.Context, *storage.LabelHints, ...*labels.Matcher) ([]string, annotations.Annotations, error) {
	return nil, nil, nil
}

func matches(of labels.Labels, wanted []*labels.Matcher) bool {
	for _, matcher := range wanted {
		if !matcher.Matches(of.Get(matcher.Name)) {
			return false
		}
	}
	return true
}

type set struct {
	series []storage.Series
	at     int
}

func (s *set) Next() bool                        { s.at++; return s.at < len(s.series) }
func (s *set) At() storage.Series                { return s.series[s.at] }
func (s *set) Err() error                        { return nil }
func (s *set) Warnings() annotations.Annotations { return nil }

func stored(asked question) memory {
	var all []storage.Series
	for _, each := range asked.Series {
		var samples []chunks.Sample
		for index, value := range each.Values {
			if value != nil {
				samples = append(samples, sample{int64(index) * asked.Step * 1000, *value})
			}
		}
		all = append(all, storage.NewListSeries(labels.FromMap(each.Labels), samples))
	}
	return memory{all}
}

func evaluate(engine *promql.Engine, from memory, each rule, at time.Time) ([]element, error) {
	ctx := context.Background()
	query, err := engine.NewInstantQuery(ctx, from, nil, each.Expr, at)
	if err != nil {
		return nil, err
	}
	defer query.Close()
	vector, err := query.Exec(ctx).Vector()
	if err != nil {
		return nil, err
	}
	found := []element{}
	for _, one := range vector {
		filled, err := fill(ctx, each, one, at)
		if err != nil {
			return nil, err
		}
		found = append(found, element{one.Metric.Map(), filled})
	}
	return found, nil
}

// fill expands the annotations as Prometheus does, with $labels and $value.
func fill(ctx context.Context, each rule, one promql.Sample, at time.Time) (map[string]string, error) {
	data := template.AlertTemplateData(one.Metric.Map(), nil, "", one)
	filled := map[string]string{}
	for name, text := range each.Annotations {
		text = "{{$labels := .Labels}}{{$value := .Value}}" + text
		expander := template.NewTemplateExpander(ctx, text, each.Alert, data, model.TimeFromUnix(at.Unix()), nil, &url.URL{}, nil)
		expanded, err := expander.Expand()
		if err != nil {
			return nil, err
		}
		filled[name] = expanded
	}
	return filled, nil
}

func main() {
	var asked question
	if err := json.NewDecoder(os.Stdin).Decode(&asked); err != nil {
		fail(err)
	}
	engine := promql.NewEngine(promql.EngineOpts{
		Logger: slog.New(slog.DiscardHandler), MaxSamples: 1e6, Timeout: time.Minute, LookbackDelta: 5 * time.Minute,
		Parser: parser.NewParser(parser.Options{}),
	})
	from := stored(asked)
	steps := 0
	for _, each := range asked.Series {
		steps = int(math.Max(float64(steps), float64(len(each.Values))))
	}
	answer := [][][]element{}
	for _, each := range asked.Rules {
		over := [][]element{}
		for index := range steps {
			found, err := evaluate(engine, from, each, time.Unix(int64(index)*asked.Step, 0))
			if err != nil {
				fail(fmt.Errorf("%s: %w", each.Alert, err))
			}
			over = append(over, found)
		}
		answer = append(answer, over)
	}
	if err := json.NewEncoder(os.Stdout).Encode(answer); err != nil {
		fail(err)
	}
}

func fail(err error) {
	fmt.Fprintln(os.Stderr, err)
	os.Exit(1)
}
