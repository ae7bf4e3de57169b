package graph

import (
	"encoding/json"
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
	if errs != nil && oc.Doc != nil && oc.Operation == nil {
		// The library's words repeat the name that was asked for.
		errs = gqlerror.List{{Message: "Say in operationName which of the document's operations to run.", Extensions: map[string]any{"code": errcode.ValidationFailed}}}
	}
	if errs != nil {
		ctx := graphql.WithOperationContext(r.Context(), oc)
		response := exec.DispatchError(ctx, errs)
		answer.requestError(response.Errors)
		return
	}
	responses, ctx := exec.DispatchOperation(r.Context(), oc)
	answer.write(http.StatusOK, responses(ctx))
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
	errs = errs[:min(len(errs), maxErrors)]
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
