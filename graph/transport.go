package graph

import (
	"bytes"
	"encoding/json"
	"io"
	"mime"
	"net/http"
	"strings"

	"github.com/99designs/gqlgen/graphql"
	"github.com/99designs/gqlgen/graphql/errcode"
	"github.com/vektah/gqlparser/v2/gqlerror"

	"roster/internal/roster"
)

const graphqlJSON = "application/graphql-response+json"

// post is POST /graphql. Unlike the stock transport it never repeats a body that
// it could not read, and a request error has no "data".
type post struct{}

func (post) Supports(r *http.Request) bool { return r.Method == http.MethodPost }

func (post) Do(w http.ResponseWriter, r *http.Request, exec graphql.GraphExecutor) {
	answer := answerer{w: w, modern: strings.Contains(r.Header.Get("Accept"), graphqlJSON)}
	params, problem := readParams(r)
	if problem != "" {
		answer.refuse(http.StatusBadRequest, string(roster.BadUserInput), problem)
		return
	}
	oc, errs := exec.CreateOperationContext(r.Context(), params)
	if errs != nil {
		ctx := graphql.WithOperationContext(r.Context(), oc)
		response := exec.DispatchError(ctx, errs)
		answer.requestError(response.Errors)
		return
	}
	responses, ctx := exec.DispatchOperation(r.Context(), oc)
	answer.write(http.StatusOK, responses(ctx))
}

// readParams reads the body, which the server in front has bounded already.
func readParams(r *http.Request) (*graphql.RawParams, string) {
	const shape = `The body must be one JSON object such as {"query": "{ viewer { person { email } } }", "variables": {}}.`
	if kind, _, err := mime.ParseMediaType(r.Header.Get("Content-Type")); err != nil || kind != "application/json" {
		return nil, "Send the body as application/json. " + shape
	}
	body, err := io.ReadAll(r.Body)
	if err != nil {
		return nil, "The body did not arrive whole, or is too large."
	}
	params := &graphql.RawParams{Headers: r.Header}
	decoder := json.NewDecoder(bytes.NewReader(body))
	decoder.UseNumber()
	if err := decoder.Decode(params); err != nil || decoder.More() || params.Query == "" {
		return nil, shape
	}
	return params, ""
}

// answerer writes answers of one request.
type answerer struct {
	w      http.ResponseWriter
	modern bool // the client takes application/graphql-response+json
}

// requestError answers a document that was never run: 400, but 200 for clients
// that know only application/json, as the specification says.
func (a answerer) requestError(errs gqlerror.List) {
	status := http.StatusOK
	if a.modern {
		status = http.StatusBadRequest
	}
	for _, err := range errs {
		if err.Extensions == nil {
			err.Extensions = map[string]any{"code": errcode.ValidationFailed}
		}
	}
	a.write(status, map[string]any{"errors": errs})
}

func (a answerer) refuse(status int, code, message string) {
	a.write(status, map[string]any{"errors": []map[string]any{{"message": message, "extensions": map[string]any{"code": code}}}})
}

func (a answerer) write(status int, body any) {
	kind := "application/json"
	if a.modern {
		kind = graphqlJSON
	}
	a.w.Header().Set("Content-Type", kind+"; charset=utf-8")
	a.w.WriteHeader(status)
	_ = json.NewEncoder(a.w).Encode(body) // nobody is left to tell that the connection broke
}
