//go:build tools

// Package etcd keeps the command that is built from here in go.mod and go.sum.
package etcd

import _ "go.etcd.io/etcd/server/v3"
