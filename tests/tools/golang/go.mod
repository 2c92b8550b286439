module vectors/golang

go 1.26
