package roster

import (
	"encoding/json"
	"slices"
	"strings"
	"testing"
)

func TestIDsReadBackWhatTheyWrite(t *testing.T) {
	t.Parallel()
	id := NewID[ContactID]()
	text := id.String()
	if !strings.HasPrefix(text, "con_") || len(text) != len("con_")+26 || ParseID[ContactID](text) != id {
		t.Errorf("%s", text)
	}
	if Prefix(text) != "con" {
		t.Errorf("the prefix of %s is %q", text, Prefix(text))
	}
	var back ContactID
	raw, err := json.Marshal(id)
	if err != nil || json.Unmarshal(raw, &back) != nil || back != id {
		t.Errorf("%s, %v", raw, err)
	}
	if json.Unmarshal([]byte(`"acc_01h455vb4pex5vsknk084sn02q"`), &back) == nil {
		t.Error("an account's id was read as a contact's")
	}
	var scanned ContactID
	value, err := id.Value()
	if err != nil || scanned.Scan(value) != nil || scanned != id {
		t.Errorf("%v, %v", value, err)
	}
	if scanned.Scan(nil) != nil || !scanned.IsZero() {
		t.Error("NULL is the zero id")
	}
	if scanned.Scan("not a uuid") == nil {
		t.Error("nonsense was scanned")
	}
}

func TestP6_WhatIsNoIDOfTheKindIsTheZeroID(t *testing.T) {
	t.Parallel()
	good := NewID[AccountID]().String()
	for _, text := range []string{"", "acc", "acc_", "_", good[4:], "con" + good[3:], strings.ToUpper(good), good + "a", good[:len(good)-1],
		"acc_" + strings.Repeat("z", 26), "acc_" + strings.Repeat("0", 26), " " + good, good + "\n", good + "\x00", "acc-" + good[4:], "acc__" + good[4:],
		"{" + good + "}", "../" + good, "0", "-1", "9223372036854775808", "018f3c5e-7b1a-7000-8000-000000000000", "YWNjX2E=", "null", "acc_01h455vb4pex5vsknk084sn0iq"} {
		if id := ParseID[AccountID](text); !id.IsZero() {
			t.Errorf("%q is taken for %s", text, id)
		}
	}
	if ParseID[AccountID](good).IsZero() {
		t.Errorf("%s is none", good)
	}
}

func TestIDsMadeLaterSortLater(t *testing.T) {
	t.Parallel()
	var ids []string
	for range 2000 {
		ids = append(ids, NewID[IssueReportID]().String())
	}
	if !slices.IsSorted(ids) {
		t.Error("ids of one process are not in the order in which they were made")
	}
}

func FuzzParseID(f *testing.F) {
	for _, seed := range []string{"acc_01h455vb4pex5vsknk084sn02q", "con_01h455vb4pex5vsknk084sn02q", "", "acc_", "acc_zzzzzzzzzzzzzzzzzzzzzzzzzz", "ACC_01H455VB4PEX5VSKNK084SN02Q", "acc_01h455vb4pex5vsknk084sn02q\x00"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		id := ParseID[AccountID](text)
		if !id.IsZero() && id.String() != text {
			t.Fatalf("%q and %q are one account", text, id)
		}
		if !id.IsZero() && (Prefix(text) != "acc" || !ParseID[ContactID](text).IsZero()) {
			t.Fatalf("%q is of two kinds", text)
		}
	})
}
