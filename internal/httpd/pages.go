package httpd

import (
	"bytes"
	"crypto/sha256"
	"encoding/base64"
	"io/fs"
	"net/http"
	"path"
	"time"
)

// files are the console's, by name, in memory.
type files map[string]file

// file is one of them with what its answer says about it.
type file struct {
	name, contentType, etag string
	content                 []byte
}

// readFiles reads them once. They are part of the program, so that a failure is
// a broken build.
func readFiles(from fs.FS) files {
	all := files{}
	entries, err := fs.ReadDir(from, ".")
	if err != nil {
		panic(err)
	}
	for _, entry := range entries {
		content, err := fs.ReadFile(from, entry.Name())
		if err != nil {
			panic(err)
		}
		all[entry.Name()] = newFile(entry.Name(), content)
	}
	return all
}

func newFile(name string, content []byte) file {
	hash := sha256.Sum256(content)
	return file{name: name, contentType: contentType(name), content: content,
		etag: `"` + base64.RawURLEncoding.EncodeToString(hash[:12]) + `"`}
}

// contentType does not ask the machine's own table, which says text/plain for
// scripts on some; with nosniff those would not run.
func contentType(name string) string {
	switch path.Ext(name) {
	case ".html":
		return "text/html; charset=utf-8"
	case ".css":
		return "text/css; charset=utf-8"
	case ".js":
		return "text/javascript; charset=utf-8"
	case ".svg":
		return "image/svg+xml"
	}
	return "text/plain; charset=utf-8"
}

// ServeHTTP answers with the file. A browser keeps it and asks each time whether
// it is still the same, so that nobody runs yesterday's script.
func (f file) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("Cache-Control", "no-cache")
	w.Header().Set("Etag", f.etag)
	f.serve(w, r)
}

func (f file) serve(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("Content-Type", f.contentType)
	http.ServeContent(w, r, f.name, time.Time{}, bytes.NewReader(f.content))
}

// asset serves what pages are made of; the pages themselves have routes of
// their own.
func (all files) asset(w http.ResponseWriter, r *http.Request) {
	f, ok := all[r.PathValue("name")]
	if !ok || path.Ext(f.name) == ".html" {
		http.NotFound(w, r)
		return
	}
	f.ServeHTTP(w, r)
}

// page serves a page: always the same, whatever the query says, and never kept,
// since it is opened with a secret in its address's fragment.
func (all files) page(name string) http.HandlerFunc {
	f, ok := all[name]
	if !ok {
		panic("httpd: no page " + name)
	}
	return f.serve
}
