package main

import (
	"crypto/sha1"
	"encoding/base64"
	"encoding/hex"
	"maps"
	"sync"
	"text/template"

	"github.com/Masterminds/sprig/v3"
)

// hashAlgorithm is what the operator's htpasswd takes: a type of its own, so that only a constant fits.
type hashAlgorithm string

// functions is sprig as the operator carries it: without what reads the world, htpasswd told its hash, hexdec added.
var functions = sync.OnceValue(func() template.FuncMap {
	all := operatorFunctions()
	maps.Copy(all, sprig.TxtFuncMap())
	for _, name := range []string{"env", "expandenv", "getHostByName"} {
		delete(all, name)
	}
	all["hexdec"] = func(text string) string {
		decoded, err := hex.DecodeString(text)
		if err != nil {
			return err.Error()
		}
		return string(decoded)
	}
	bcrypted := all["htpasswd"].(func(string, string) string)
	all["htpasswd"] = func(user, password string, hash hashAlgorithm) string {
		line := bcrypted(user, password)
		if hash != "sha" || len(line) < len(user) || line[:len(user)] != user {
			return line
		}
		sum := sha1.Sum([]byte(password))
		return user + ":{SHA}" + base64.StdEncoding.EncodeToString(sum[:])
	}
	return all
})
