package store_test

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"roster/graph"
	"roster/internal/roster"
	"roster/internal/store"
	"roster/internal/testkit"
)

// theList is what a console asks for its list of accounts.
const theList = `{ accounts(first: 20) { totalCount nodes { name contactUsage { used } permissions partner { name }
	contacts(first: 5) { totalCount nodes { displayName applications { allowed } permissions { effective } emailVerification { status } } }
	roles { role contact { email } } supportContacts { displayLabel partnerUser { displayName } }
	issueReports(first: 2) { totalCount nodes { application { name } reporter { displayName } account { name } deliveries { status } } }
	auditEvents(first: 3) { totalCount nodes { verb } } } } }`

// fewStatements is for the list above: one for each field that reads something,
// and one for the clock.
const fewStatements = 19

// TestStatementsDoNotGrowWithTheRows: however many accounts there are, the same
// few statements are run, so that N+1 cannot come back. A loader that is brought
// its keys late, on a busy machine, asks a few times more, so the best of ten
// tries counts; a field that read each row by itself would ask twenty times in
// every one.
func TestStatementsDoNotGrowWithTheRows(t *testing.T) {
	t.Parallel()
	h := testkit.NewHouse(t)
	admin := h.Staff("admin@vendor.example", true)
	_, partner := h.Partner("Northwind", "user@northwind.example")
	api := graph.New(graph.Config{Actions: h.Set, Store: h.DB, Log: slog.New(slog.DiscardHandler)})
	statements := h.DB.Statements()
	for _, accounts := range []int{2, 20} {
		fill(t, h, partner, admin, accounts)
		least := leastStatements(t, api, admin, statements, accounts)
		if len(least) > fewStatements {
			t.Errorf("%d accounts take %d different statements, not %d", accounts, len(least), fewStatements)
		}
		for statement, times := range least {
			if times > 6 {
				t.Errorf("%d accounts: run %d times: %.300s", accounts, times, statement)
			}
		}
	}
}

// leastStatements asks for the list and answers how often each statement was run
// when it was run least.
func leastStatements(t *testing.T, api http.Handler, who roster.Actor, statements *store.Statements, accounts int) map[string]int {
	t.Helper()
	least := map[string]int{}
	for range 10 {
		statements.Take()
		answer := ask(t, api, who, theList)
		if n := strings.Count(answer, `"contactUsage"`); n != accounts || strings.Contains(answer, `"errors"`) {
			t.Fatalf("%d accounts: %.500s", n, answer)
		}
		for statement, times := range statements.Take() {
			if before, known := least[statement]; !known || times < before {
				least[statement] = times
			}
		}
	}
	return least
}

// fill makes accounts until there are so many, with contacts, roles, support
// contacts and reports.
func fill(t *testing.T, h *testkit.House, partner, admin roster.Actor, to int) {
	t.Helper()
	var there int
	h.Must(h.DB.Raw().QueryRow("SELECT count(*) FROM accounts").Scan(&there))
	for i := there; i < to; i++ {
		account, primary := h.PartnerAccount(partner, fmt.Sprint("Account ", i), fmt.Sprintf("p%d@many.example", i), fmt.Sprintf("help%d@many.example", i))
		user := partner.Partner.User.String()
		_, err := h.SupportContactAdd(t.Context(), partner, roster.SupportContactAddInput{AccountID: account.String(), SupportContact: roster.SupportContactInput{PartnerUserID: &user}})
		h.Must(err)
		for n, role := range []roster.ContactRole{roster.Billing, roster.Technical} {
			id, _ := h.Contact(primary, account, fmt.Sprintf("c%d-%d@many.example", i, n), true)
			_, err := h.AccountRoleAssign(t.Context(), admin, roster.AccountRoleAssignInput{ContactID: id.String(), Role: role})
			h.Must(err)
			_, err = h.IssueReportCreate(t.Context(), primary, roster.IssueReportCreateInput{AccountID: account.String(), ApplicationKey: "HELP_DESK", Subject: "Slow", Body: "Very."})
			h.Must(err)
		}
	}
}

func ask(t *testing.T, api http.Handler, who roster.Actor, document string) string {
	t.Helper()
	body, err := json.Marshal(map[string]any{"query": document})
	if err != nil {
		t.Fatal(err)
	}
	request := httptest.NewRequestWithContext(graph.WithActor(context.Background(), who), http.MethodPost, "/graphql", bytes.NewReader(body))
	request.Header.Set("Content-Type", "application/json")
	recorder := httptest.NewRecorder()
	api.ServeHTTP(recorder, request)
	return recorder.Body.String()
}
