package main

import (
	"context"
	"io"
	"net/http"
	"testing"
	"time"

	"roster/internal/store"
)

// watched sends requests under a context that traces them.
type watched struct{ ctx context.Context }

func (w watched) RoundTrip(r *http.Request) (*http.Response, error) {
	return http.DefaultTransport.RoundTrip(r.WithContext(w.ctx))
}

// page is what a browser gets at the path.
func (s *site) page(path string) string {
	s.t.Helper()
	request, err := http.NewRequestWithContext(s.t.Context(), http.MethodGet, s.server.URL+path, nil)
	s.Must(err)
	response, err := http.DefaultClient.Do(request)
	s.Must(err)
	defer func() { _ = response.Body.Close() }()
	body, err := io.ReadAll(response.Body)
	s.Must(err)
	if response.StatusCode != http.StatusOK {
		s.t.Fatalf("%s: %s", path, response.Status)
	}
	return string(body)
}

// between is the time from one moment of the API to another.
func between(t *testing.T, from, to string) time.Duration {
	t.Helper()
	start, err := time.Parse(time.RFC3339, from)
	if err != nil {
		t.Fatal(err)
	}
	end, err := time.Parse(time.RFC3339, to)
	if err != nil {
		t.Fatal(err)
	}
	return end.Sub(start)
}

func pageOf100() store.PageArgs {
	most := store.MaxPageSize
	return store.PageArgs{First: &most}
}
