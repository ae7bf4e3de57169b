package graph

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strconv"
	"strings"

	"github.com/99designs/gqlgen/graphql"
	"github.com/99designs/gqlgen/graphql/errcode"
	"github.com/vektah/gqlparser/v2/ast"
	"github.com/vektah/gqlparser/v2/gqlerror"

	"roster/internal/roster"
)

// maxMessage is how much of the validator's words is shown, and maxErrors how
// many of its errors; the caller wrote the document and mends the first ones first.
const (
	maxMessage = 500
	maxErrors  = 20
)

// fault is a panic on its way to the log.
type fault struct {
	cause any
	stack []byte
}

func (f fault) Error() string { return fmt.Sprintf("panic: %v\n%s", f.cause, f.stack) }

// userErrors splits what an action answered: what the caller can mend goes into
// the payload, everything else becomes a top-level error.
func userErrors(err error) ([]*roster.Problem, error) {
	list := []*roster.Problem{}
	for _, p := range roster.AsProblems(err) {
		list = append(list, &p)
	}
	if len(list) > 0 {
		err = nil
	}
	return list, err
}

// present words a top-level error. A denial says its code; the parser's and the
// validator's words are the caller's own doing; everything else is a fault of
// ours, which goes to the log and shows nothing but the request's id.
func (r *resolver) present(ctx context.Context, err error) *gqlerror.Error {
	path := graphql.GetPath(ctx)
	var denial roster.Denial
	if errors.As(err, &denial) {
		return denied(denial, path)
	}
	var known *gqlerror.Error
	if errors.As(err, &known) && known.Err == nil {
		return documentError(known)
	}
	if badValue(err) {
		return &gqlerror.Error{Message: "A value is not of the type that the schema says.", Path: path,
			Extensions: map[string]any{"code": roster.BadUserInput}}
	}
	requestID := who(ctx).RequestID
	r.Log.ErrorContext(ctx, "fault", "request", requestID, "path", path.String(), "error", err)
	return &gqlerror.Error{Message: "Something went wrong on our side. Tell the vendor's support the requestId.", Path: path,
		Extensions: map[string]any{"code": "INTERNAL", "requestId": requestID}}
}

func denied(d roster.Denial, path ast.Path) *gqlerror.Error {
	extensions := map[string]any{"code": d.Code}
	if len(d.Required) > 0 {
		extensions["requiredPermissions"] = d.Required
	}
	if d.RetryAfter > 0 {
		extensions["retryAfter"] = int(d.RetryAfter.Seconds()) + 1
	}
	return &gqlerror.Error{Message: d.Message, Path: path, Extensions: extensions}
}

// documentError gives the parser's and validator's errors one of our codes.
func documentError(err *gqlerror.Error) *gqlerror.Error {
	if err.Extensions == nil {
		err.Extensions = map[string]any{}
	}
	if code, _ := err.Extensions["code"].(string); code != errcode.ParseFailed && code != errcode.ValidationFailed && code != tooComplex {
		err.Extensions["code"] = errcode.ValidationFailed
	}
	err.Message = withoutValue(err.Message)
	if len(err.Message) > maxMessage {
		err.Message = strings.ToValidUTF8(err.Message[:maxMessage], "") + "..." // a name may be as long as the document
	}
	return err
}

// withoutValue cuts out of the parser's and the validator's words what they
// repeat of a value, which may be a password on its way into somebody's log;
// locations and path say where it stands. Names of fields and types stay.
func withoutValue(message string) string {
	for _, before := range []string{" value: ", " but got: ", " digit after 0: ", " escape sequence: ", ", found "} {
		if said, _, ok := strings.Cut(message, before); ok {
			return said + strings.TrimRight(strings.TrimSuffix(before, ", found "), ": ") + "."
		}
	}
	said, _, quotes := strings.Cut(message, ` "`)
	i := strings.LastIndex(message, " is not a valid ")
	switch {
	case strings.Contains(said, "<Invalid>"):
		return "The document cannot be read from here on."
	case quotes && (strings.HasPrefix(said, "Unexpected ") || strings.HasPrefix(said, "Cannot parse ")):
		return said + "."
	case strings.HasPrefix(message, `Value "`):
		_, rest, _ := strings.Cut(message, `" does not exist`)
		return "This value does not exist" + rest
	case i >= 0:
		return "This" + message[i:] + "."
	}
	return message
}

// badValue tells whether an error is about a value that the validator let pass
// and the decoder did not, such as a number that is too large.
func badValue(err error) bool {
	var number *strconv.NumError
	var kind *json.UnmarshalTypeError
	var integer *graphql.IntegerError
	var overflow *graphql.NumberOverflowError
	return errors.As(err, &number) || errors.As(err, &kind) || errors.As(err, &integer) || errors.As(err, &overflow)
}
