package graph

import (
	"bytes"
	"encoding/json"
	"io"
	"mime"
	"net/http"
	"unicode/utf8"

	"github.com/99designs/gqlgen/graphql"
)

// readParams reads the body, which the server in front has bounded already, or
// says what it should have been. Nothing of it is ever repeated.
func readParams(r *http.Request) (*graphql.RawParams, string) {
	const shape = `The body must be one JSON object such as {"query": "{ viewer { person { email } } }", "variables": {}}, in UTF-8, with no name twice in an object.`
	if kind, _, err := mime.ParseMediaType(r.Header.Get("Content-Type")); err != nil || kind != "application/json" {
		return nil, "Send the body as application/json. " + shape
	}
	body, err := io.ReadAll(r.Body)
	if err != nil {
		return nil, "The body did not arrive whole, or is too large."
	}
	params, ok := decodeParams(body)
	if !ok || params.Query == "" {
		return nil, shape
	}
	params.Headers = r.Header
	return params, ""
}

// decodeParams is stricter than encoding/json, which mends broken UTF-8, takes
// the last of several values, and reads "QUERY" as "query": what two programs on
// the way read differently is refused.
func decodeParams(body []byte) (*graphql.RawParams, bool) {
	var fields map[string]json.RawMessage
	if !utf8.Valid(body) || json.Unmarshal(body, &fields) != nil || !namesOnce(decoderOf(body)) {
		return nil, false
	}
	params := &graphql.RawParams{}
	for name, into := range map[string]any{"query": &params.Query, "operationName": &params.OperationName,
		"variables": &params.Variables, "extensions": &params.Extensions} {
		if raw, given := fields[name]; given && decoderOf(raw).Decode(into) != nil {
			return nil, false
		}
	}
	return params, true
}

func decoderOf(raw []byte) *json.Decoder {
	decoder := json.NewDecoder(bytes.NewReader(raw))
	decoder.UseNumber()
	return decoder
}

// namesOnce tells whether no object in the next value, which is well-formed, has
// a name twice.
func namesOnce(d *json.Decoder) bool {
	token, err := d.Token()
	if err != nil {
		return false
	}
	open, nested := token.(json.Delim)
	if !nested {
		return true
	}
	seen := map[json.Token]bool{}
	for d.More() {
		if open == '{' {
			name, err := d.Token()
			if err != nil || seen[name] {
				return false
			}
			seen[name] = true
		}
		if !namesOnce(d) {
			return false
		}
	}
	_, err = d.Token() // the end of the list or object
	return err == nil
}
