"""Templates: parsing and rendering beside Go's engine, over the golden vectors and for a typical
ExternalSecret.

`make bench-template`. Both engines do the same templates in one run, so that the ratios hold on any
machine; where there is no Go toolchain, only our own figures are shown.
"""

import time
from collections.abc import Callable
from contextlib import suppress
from statistics import geometric_mean, median

from secretcore.template import Budget, TemplateError
from secretcore.template.engine import Template, compile_template
from secretcore.template.functions import FUNCTIONS
from secretcore.template.values import from_json
from tests.secretcore.template.oracle import Case, Oracle
from tests.secretcore.template.rendering import environment, render
from tests.secretcore.template.vectors import FOLDER, load

TYPICAL = Case(
    """{{- $user := .username -}}
[database]
url = postgres://{{ $user }}:{{ .password | urlquery }}@{{ .host | default "localhost" }}:{{ .port }}/app
{{- if .tls }}
sslmode = {{ .tls | lower | quote }}
{{- end }}
{{- range $number, $host := splitList "," .hosts }}
host.{{ $number }} = {{ $host | trim }}
{{- end }}
auth = {{ printf "%s:%s" $user .password | b64enc }}
config = {{ dict "user" $user "host" .host | toJson }}
""",
    {
        "username": "admin",
        "password": "p@ss word",
        "host": "db",
        "port": "5432",
        "tls": "REQUIRE",
        "hosts": "a, b,c",
    },
)
SIMPLE = Case("postgres://{{ .username }}:{{ .password }}@db:5432/app", TYPICAL.strings)

HEAVY = [
    "{{ range 1000000 }}{{ $.host }}{{ end }}",
    "{{ range 1000000 }}{{ printf `%d %s %v` . `a` 1.5 }}{{ end }}",
    "{{ range 1000000 }}{{ add . 1 2 3 4 5 6 7 8 9 }}{{ end }}",
    "{{ $s := repeat 200000 `x` }}{{ range 1000000 }}{{ $x := toJson $s }}{{ end }}",
    "{{ $s := repeat 200000 `x` }}{{ range 1000000 }}{{ $x := replace `x` `yy` $s }}{{ end }}",
    "{{ $l := until 20000 }}{{ range 1000000 }}{{ $x := sortAlpha $l }}{{ end }}",
    "{{ $l := list 1 }}{{ range 30 }}{{ $l = list $l $l }}{{ end }}{{ $x := deepCopy $l }}",
    "{{ $d := dict }}{{ $_ := set $d `d` $d }}{{ toJson $d }}",
]
"""Templates that do as much as the budget lets them, each in its way."""


def microseconds(work: Callable[[], object], seconds: float) -> float:
    """The time that work takes, on average over about so many seconds."""
    work()
    times, start = 0, time.perf_counter()
    while (spent := time.perf_counter() - start) < seconds:
        work()
        times += 1
    return spent / times * 1e6


def compiled(case: Case) -> Template:
    return compile_template("k", case.text, case.delimiters, FUNCTIONS)


def ours(case: Case, seconds: float) -> tuple[float, float]:
    """Microseconds to parse and to render."""
    template = compiled(case)
    data = from_json(case.document) if case.strings is None else case.strings
    return (
        microseconds(lambda: compiled(case), seconds),
        microseconds(lambda: template.render(data, environment()), seconds),
    )


def go(oracle: Oracle, case: Case, times: int) -> tuple[float, float]:
    measured = oracle.raw(case.request(times=times))
    return measured["parse_ns"] / 1e3, measured["render_ns"] / 1e3


def show(name: str, mine: tuple[float, float], theirs: tuple[float, float]) -> None:
    for what, own, other in zip(("parse", "render"), mine, theirs, strict=True):
        print(f"{name:28} {what:6} {own:9.1f} us   Go {other:8.1f} us   {own / other:5.1f} x")


def over_vectors(oracle: Oracle, step: int = 12) -> None:
    """Of the vectors that render, one out of so many."""
    parse_ratios, render_ratios, parses, renders = [], [], [], []
    for path in sorted(FOLDER.glob("*.json")):
        for number, (entry, case) in enumerate(load(path)):
            if number % step or "error" in entry or slow(case) or render(case).error:
                continue
            mine = ours(case, 0.005)
            parses.append(mine[0])
            renders.append(mine[1])
            theirs = go(oracle, case, 50)
            parse_ratios.append(mine[0] / theirs[0])
            render_ratios.append(mine[1] / theirs[1])
    print(f"{len(parses)} vectors, median: parse {median(parses):.1f} us, render {median(renders):.1f} us")
    print(f"beside Go, geometric mean: parse {geometric_mean(parse_ratios):.1f} x, "
          f"render {geometric_mean(render_ratios):.1f} x")  # fmt: skip


def within_the_budget() -> None:
    """How long the heaviest templates hold the processor before the budget ends them."""
    longest = 0.0
    for text in HEAVY:
        template = compiled(Case(text))
        spent = []
        for _ in range(3):
            start = time.process_time()
            with suppress(TemplateError):
                template.render(TYPICAL.strings, environment(Budget()))
            spent.append(time.process_time() - start)
        longest = max(longest, min(spent))
    print(f"{len(HEAVY)} templates that run into the budget: {longest * 1e3:.0f} ms of processor at most")


def slow(case: Case) -> bool:
    """Whether the operator's own functions or cryptography are in it: the quick oracle lacks them."""
    return any(word in case.text for word in ("pkcs12", "PEM", "Pem", "Chain", "SANs", "jwk", "rsa", "Yaml")) or (
        compiled(case).slow
    )


def main() -> None:
    oracle = Oracle()
    show("typical ExternalSecret", ours(TYPICAL, 1.0), go(oracle, TYPICAL, 5000))
    show("two fields in a text", ours(SIMPLE, 1.0), go(oracle, SIMPLE, 5000))
    over_vectors(oracle)
    within_the_budget()
    oracle.close()


if __name__ == "__main__":
    main()
