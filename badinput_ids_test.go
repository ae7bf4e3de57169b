package main

import (
	"strings"
	"testing"

	"roster/internal/roster"
)

// idInput is an argument that takes an id: a field of a mutation's input, or a
// query with the variable $id.
type idInput struct {
	mutation, path string
	query          string
	kind           string // the prefix it wants
}

func idInputs() []idInput {
	list := []idInput{
		{mutation: "contactCreate", path: "accountId", kind: "acc"}, {mutation: "contactUpdate", path: "contactId", kind: "con"},
		{mutation: "contactDelete", path: "contactId", kind: "con"}, {mutation: "contactVerificationSend", path: "contactId", kind: "con"},
		{mutation: "accountRoleAssign", path: "contactId", kind: "con"}, {mutation: "accountRoleClear", path: "accountId", kind: "acc"},
		{mutation: "contactPermissionsSet", path: "contactId", kind: "con"}, {mutation: "accountPermissionsSet", path: "accountId", kind: "acc"},
		{mutation: "accountSupportContactsSet", path: "accountId", kind: "acc"},
		{mutation: "accountSupportContactsSet", path: "supportContacts.0.partnerUserId", kind: "pus"},
		{mutation: "supportContactAdd", path: "accountId", kind: "acc"}, {mutation: "supportContactAdd", path: "supportContact.partnerUserId", kind: "pus"},
		{mutation: "supportContactRemove", path: "supportContactId", kind: "sup"},
		{mutation: "issueReportCreate", path: "accountId", kind: "acc"}, {mutation: "issueReportCreate", path: "onBehalfOfContactId", kind: "con"},
		{mutation: "accountCreate", path: "supportContacts.0.partnerUserId", kind: "pus"},
		{mutation: "sessionRevoke", path: "sessionId", kind: "ses"}, {mutation: "sessionsRevokeOthers", path: "keepSessionId", kind: "ses"},
		{mutation: "contactUnlock", path: "contactId", kind: "con"},
	}
	for _, query := range []string{
		`query($id: ID!) { account(by: {id: $id}) { id name } }`,
		`query($id: ID!) { viewer { applications(accountId: $id) { allowed } } }`,
		`query($id: ID!) { viewer { permissions(accountId: $id) { effective } } }`,
	} {
		list = append(list, idInput{query: query, kind: "acc"})
	}
	for _, kind := range []string{"acc", "con", "sup", "iss", "dlv", "aud", "par", "pus", "per", "stf", "ses", "tok", "eml"} {
		list = append(list, idInput{query: `query($id: ID!) { node(id: $id) { __typename id } }`, kind: kind},
			idInput{query: `query($id: ID!) { nodes(ids: [$id, "x", $id]) { __typename id } }`, kind: kind})
	}
	return list
}

// foreignOf is the other tenant's id of a kind, and of the same account's that
// are of another kind.
func (w *trial) foreignOf(kind string) (id string, others []string) {
	of := func(t tenant) map[string]string {
		return map[string]string{"acc": t.account, "con": t.technical, "sup": t.support, "pus": t.partnerUser, "iss": t.report,
			"dlv": t.delivery, "aud": t.audit, "par": t.partner, "per": t.person}
	}
	for k, one := range of(w.own) {
		if k != kind {
			_, suffix, _ := strings.Cut(one, "_")
			others = append(others, kind+"_"+suffix)
		}
	}
	return of(w.foreign)[kind], others
}

func (w *trial) sessionOf(email string) string {
	var id roster.SessionID
	w.Must(w.DB.Raw().QueryRow("SELECT sessions.id FROM sessions JOIN persons ON persons.id = person_id WHERE email = $1 ORDER BY sessions.id DESC LIMIT 1", email).Scan(&id))
	return id.String()
}

// An id that is unknown, another tenant's, of another type or garbage is one and
// the same answer, to the byte (T7, P-6).
func TestP6_IdsOfNothingAnswerAlike(t *testing.T) {
	t.Parallel()
	w := newTrial(t)
	good := w.good()
	partner, token := w.signedIn("user@bakery-partner.example"), w.script("user@bakery-partner.example", roster.ScopeRead, roster.ScopeWrite)
	callers := map[string]*client{"primary": w.primary, "technical": w.technical, "partner user": partner, "script": token}
	garbage := []string{"", " ", "0", "-1", "9223372036854775808", "x", "../../etc/passwd", "..%2f", "acc_", "con_", "_", "acc_0", "*", "%", "_%", "' or '1'='1", "?0",
		"null", "{}", "00000000-0000-0000-0000-000000000000", "acc_00000000000000000000000000", "con_00000000000000000000000000", "acc_7zzzzzzzzzzzzzzzzzzzzzzzzz",
		"acc_8zzzzzzzzzzzzzzzzzzzzzzzzz", "\x00", "acc\x00", "\ufeff", "\u202e", "YWNjOjE=", strings.Repeat("a", 10_000), strings.Repeat("acc_", 2_500)}
	for _, in := range idInputs() {
		foreign, others := w.foreignOf(in.kind)
		if in.kind == "ses" {
			foreign = w.sessionOf("staff@vendor.example")
		}
		bad := append(append([]string{}, garbage...), others...)
		if foreign != "" {
			bad = append(bad, foreign)
		}
		random := in.kind + "_" + strings.TrimPrefix(roster.NewID[roster.AccountID]().String(), "acc_")
		own := map[string]string{"acc": w.own.account, "con": w.own.technical, "sup": w.own.support, "pus": w.own.partnerUser}[in.kind]
		for _, id := range append([]string{random, foreign}, own) {
			if id != "" {
				prefix, suffix, _ := strings.Cut(id, "_")
				bad = append(bad, strings.ToUpper(id), strings.ToUpper(prefix)+"_"+suffix, prefix+"-"+suffix, "{"+id+"}", id+" ", " "+id, id+"\x00", id+"\n", suffix, id[:len(id)-1], id+"0", id+"_"+id)
			}
		}
		for name, caller := range callers {
			if in.query != "" && (name == "technical" || name == "partner user") {
				continue // who reads is the view's business; two show that garbage is none
			}
			ask := func(id string) answer {
				if in.query != "" {
					return caller.do(in.query, object{"id": id})
				}
				input := with(good[in.mutation], id, strings.Split(in.path, ".")...)
				if path, isPartnerUser := strings.CutSuffix(in.path, ".partnerUserId"); isPartnerUser {
					input = with(good[in.mutation], object{"partnerUserId": id}, strings.Split(path, ".")...)
				}
				return caller.call(in.mutation, input)
			}
			t.Run(in.mutation+in.path+in.query+" "+in.kind+" "+name, func(t *testing.T) {
				w.unchanged(t, func() {
					want := ask(random)
					decent(t, want.Status, want.Raw, random)
					for _, id := range bad {
						if got := ask(id); got.Status != want.Status || got.Raw != want.Raw {
							t.Errorf("%.60q: %.300s\nwant %.300s", id, got.Raw, want.Raw)
						}
					}
					if in.query != "" && want.Errors != nil {
						t.Errorf("%.300s", want.Raw)
					}
					list := want.refusals(in.mutation)
					if in.mutation != "" && len(list) != 1 {
						t.Errorf("%v: %s", list, want.Raw)
					}
					if in.mutation != "" && (name == "primary" && in.mutation != "accountCreate" && !strings.HasPrefix(in.path, "onBehalf") || name == "partner user" && strings.HasSuffix(in.path, "partnerUserId")) &&
						(len(list) != 1 || list[0] != "NOT_FOUND input."+in.path) {
						t.Errorf("%v", list)
					}
				})
			})
		}
	}
}

// Pages of nonsense sizes and cursors are refused, and a cursor of another list
// shows nothing that the caller may not see.
func TestBadInput_Pages(t *testing.T) {
	t.Parallel()
	w := newTrial(t)
	lists := []string{"accounts%s { nodes { id } pageInfo { endCursor } }"}
	for _, list := range []string{"contacts", "issueReports", "auditEvents"} {
		lists = append(lists, `account(by: {id: "`+w.own.account+`"}) { `+list+"%s { nodes { id } pageInfo { endCursor } } }")
	}
	for _, list := range lists {
		for _, args := range []string{"first: 0", "first: -1", "first: 101", "first: 2147483647", "first: -2147483648", "last: 0", "last: 101", "first: 5, last: 5",
			`after: "zq9marker"`, `after: ""`, `before: "zq9marker"`, `after: "bnVsbA"`, `after: "e30"`, `after: "W10"`, `after: "eyJ0IjoiMDAwMS0wMS0wMVQwMDowMDowMFoiLCJpIjoieCJ9"`,
			`after: "\u0000"`, `after: "../../x"`, `after: "` + strings.Repeat("A", 20_000) + `"`} {
			w.unchanged(t, func() {
				got := w.primary.do("{ "+strings.Replace(list, "%s", "("+args+")", 1)+" }", nil)
				decent(t, got.Status, got.Raw, marker)
				if codes := got.codes("x"); len(codes) != 1 || codes[0] != "BAD_USER_INPUT" {
					t.Errorf("%.60s: %.300s", args, got.Raw)
				}
			})
		}
	}
	staffs := w.staff.do(`{ accounts { nodes { id } pageInfo { startCursor endCursor } } }`, nil)
	if staffs.at("accounts", "nodes", 1, "id") == nil {
		t.Fatal(staffs.Raw)
	}
	for _, cursor := range []string{staffs.text("accounts", "pageInfo", "startCursor"), staffs.text("accounts", "pageInfo", "endCursor")} {
		for _, side := range []string{"after", "before"} {
			got := w.primary.do(`query($c: String) { accounts(`+side+`: $c) { nodes { id } totalCount } }`, object{"c": cursor})
			if strings.Contains(got.Raw, w.foreign.account) || got.at("accounts", "totalCount") != 1.0 {
				t.Error(got.Raw)
			}
		}
	}
	many := make([]string, 101)
	for i := range many {
		many[i] = w.own.account
	}
	if got := w.primary.do(`query($ids: [ID!]!) { nodes(ids: $ids) { id } }`, object{"ids": many}); got.codes("x")[0] != "BAD_USER_INPUT" {
		t.Error(got.Raw)
	}
}

// Lists in inputs have an end.
func TestBadInput_LongLists(t *testing.T) {
	t.Parallel()
	w := newTrial(t)
	for _, n := range []int{0, 51, 101, 1_500} {
		var list []any
		for i := range n {
			list = append(list, object{"email": strings.Repeat("a", 1+i%30) + "." + strings.Repeat("b", i/60) + "x@acme.example"})
		}
		for _, mutation := range []string{"accountSupportContactsSet", "accountCreate"} {
			w.unchanged(t, func() {
				got := w.staff.call(mutation, with(w.good()[mutation], list, "supportContacts"))
				decent(t, got.Status, got.Raw)
				want := "TOO_LONG input.supportContacts"
				if n == 0 {
					want = "SUPPORT_CONTACT_REQUIRED input.supportContacts"
				}
				if list == nil {
					got = w.staff.call(mutation, with(w.good()[mutation], []any{}, "supportContacts"))
				}
				if refused := got.refusals(mutation); len(refused) != 1 || refused[0] != want {
					t.Errorf("%s of %d: %.300s", mutation, n, got.Raw)
				}
			})
		}
	}
	// Every bad one is named, at its place.
	got := w.staff.call("accountSupportContactsSet", with(w.good()["accountSupportContactsSet"],
		[]any{object{"email": "a@b.example"}, object{"email": "x"}, object{"partnerUserId": w.foreign.partnerUser}, object{}}, "supportContacts"))
	if list := strings.Join(got.refusals("accountSupportContactsSet"), ", "); list !=
		"INVALID_EMAIL input.supportContacts.1.email, NOT_FOUND input.supportContacts.2.partnerUserId, INVALID input.supportContacts.3" {
		t.Error(list)
	}
}
