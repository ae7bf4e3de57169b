package store

import (
	"encoding/base64"
	"encoding/json"
	"fmt"
	"slices"
	"time"

	"github.com/uptrace/bun"

	"roster/internal/roster"
)

// Sizes of pages.
const (
	PageSize    = 20
	MaxPageSize = 100
)

// PageArgs is what a caller asks of a list.
type PageArgs struct {
	First, Last   *int
	After, Before *string
}

// Page is a part of a list: rows, their cursors, and whether there is more.
type Page[T any] struct {
	Rows             []T
	Cursors          []string
	HasNext, HasPrev bool
}

// order is how a list is sorted: an optional rank (false before true), then
// time, then id, so that every row has a place of its own that inserts do not move.
type order[T any] struct {
	rank     string // SQL of a boolean
	time, id string // SQL of a time and a UUID
	newest   bool   // the newest first
	key      func(T) cursor
}

// cursor is the place of a row in its list. It is no secret and needs no
// signature: what a forged one shows is still only what the scope holds.
type cursor struct {
	Rank bool      `json:"r,omitempty"`
	At   time.Time `json:"t"`
	ID   string    `json:"i"` // the UUID
}

func (c cursor) String() string {
	raw, err := json.Marshal(c)
	if err != nil { // a struct of a bool, a time and a string always has a text
		panic(err)
	}
	return base64.RawURLEncoding.EncodeToString(raw)
}

func parseCursor(text string) (c cursor, err error) {
	raw, err := base64.RawURLEncoding.DecodeString(text)
	if err == nil {
		err = json.Unmarshal(raw, &c)
	}
	var id roster.AccountID
	if err == nil {
		err = id.Scan(c.ID)
	}
	if err != nil || c.At.Year() < 2000 || c.At.Year() > 9999 {
		return c, badPage("This cursor is not one of ours. Take it from pageInfo or edges of an earlier page.")
	}
	c.ID = uuidText(id) // what was read here may be written in a way that Postgres does not read
	return c, nil
}

func badPage(message string) error {
	return roster.Denial{Code: roster.BadUserInput, Message: message}
}

// size is how many rows to answer, and whether they are counted from the end.
func (a PageArgs) size() (n int, backwards bool, err error) {
	if a.First != nil && a.Last != nil {
		return 0, false, badPage("Ask for first or for last, not for both.")
	}
	n, asked := PageSize, a.First
	if a.Last != nil {
		asked, backwards = a.Last, true
	}
	if asked != nil {
		n = *asked
	}
	if n < 1 || n > MaxPageSize {
		return 0, false, badPage(fmt.Sprintf("A page has 1 to %d rows.", MaxPageSize))
	}
	return n, backwards, nil
}

// apply sorts and bounds a query; it asks for one row more than the page has,
// to know whether there is more.
func (o order[T]) apply(q *bun.SelectQuery, args PageArgs) (*bun.SelectQuery, error) {
	n, backwards, err := args.size()
	if err != nil {
		return nil, err
	}
	if args.After != nil {
		if q, err = o.bound(q, *args.After, true); err != nil {
			return nil, err
		}
	}
	if args.Before != nil {
		if q, err = o.bound(q, *args.Before, false); err != nil {
			return nil, err
		}
	}
	if o.rank != "" {
		q = q.OrderExpr(o.rank + direction(backwards))
	}
	down := direction(o.newest != backwards)
	return q.OrderExpr(o.time + down).OrderExpr(o.id + down).Limit(int64(n) + 1), nil
}

func direction(descending bool) string {
	if descending {
		return " DESC"
	}
	return " ASC"
}

// bound keeps the rows after (or before) a cursor.
func (o order[T]) bound(q *bun.SelectQuery, text string, after bool) (*bun.SelectQuery, error) {
	c, err := parseCursor(text)
	if err != nil {
		return nil, err
	}
	sign := ">"
	if after == o.newest {
		sign = "<"
	}
	within := fmt.Sprintf("(%s, %s) %s (?, ?)", o.time, o.id, sign)
	if o.rank == "" {
		return q.Where(within, c.At, c.ID), nil
	}
	rankSign := ">"
	if !after {
		rankSign = "<"
	}
	return q.Where(fmt.Sprintf("(%s) %s ? OR (%s) = ? AND %s", o.rank, rankSign, o.rank, within), c.Rank, c.Rank, c.At, c.ID), nil
}

// page makes a Page of what apply found.
func (o order[T]) page(rows []T, args PageArgs) Page[T] {
	n, backwards, err := args.size()
	if err != nil { // apply has refused it already
		return Page[T]{}
	}
	more := len(rows) > n
	if more {
		rows = rows[:n]
	}
	if backwards {
		slices.Reverse(rows)
	}
	page := Page[T]{Rows: rows, HasNext: more, HasPrev: args.After != nil}
	if backwards {
		page.HasNext, page.HasPrev = args.Before != nil, more
	}
	for _, row := range rows {
		page.Cursors = append(page.Cursors, o.key(row).String())
	}
	return page
}
