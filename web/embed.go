// Package web answers "what does a person see?": it carries the console's files
// within the program, so that one binary is all there is to install.
package web

import (
	"embed"
	"io/fs"
)

//go:embed static
var embedded embed.FS

// Files are the console's files: pages (*.html) and what they are made of, all
// in one folder. Pages expect the rest below /assets/.
func Files() fs.FS {
	files, err := fs.Sub(embedded, "static")
	if err != nil {
		panic(err) // only a malformed path is refused
	}
	return files
}
