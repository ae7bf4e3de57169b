// Package scalar holds the scalars of the API that need a Go type's own form.
package scalar

import (
	"fmt"
	"io"
	"strconv"
	"time"

	"github.com/99designs/gqlgen/graphql"
)

// form is RFC 3339 in UTC with exactly three digits of a second.
const form = "2006-01-02T15:04:05.000Z"

// MarshalDateTime writes a moment.
func MarshalDateTime(t time.Time) graphql.Marshaler {
	return graphql.WriterFunc(func(w io.Writer) {
		_, _ = io.WriteString(w, strconv.Quote(t.UTC().Format(form)))
	})
}

// UnmarshalDateTime reads any moment in RFC 3339.
func UnmarshalDateTime(v any) (time.Time, error) {
	text, ok := v.(string)
	if !ok {
		return time.Time{}, fmt.Errorf("a DateTime is a text such as %s", form)
	}
	t, err := time.Parse(time.RFC3339Nano, text)
	if err != nil {
		return time.Time{}, fmt.Errorf("a DateTime looks like %s", form)
	}
	return t, nil
}
