//go:build !operator

package main

import "text/template"

// operatorFunctions are left out of this build, which is the one that tests make: it takes seconds, not minutes.
func operatorFunctions() template.FuncMap { return template.FuncMap{} }
