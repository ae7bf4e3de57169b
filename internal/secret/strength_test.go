package secret

import (
	"errors"
	"strings"
	"sync"
	"testing"
)

// known is what the program passes: address, names, account.
func known() []string {
	return []string{"jane.doe@northwind.example", "Jane Doe", "Jörg", "Northwind Traders Ltd", "Li", ""}
}

func TestGoodPasswordsPass(t *testing.T) {
	t.Parallel()
	for _, password := range []string{
		"correct horse battery staple", "purple lamp river", "winter-garden-42", "my dog ate it", "kitchen table chair",
		"xK9$mP2vQ8nL", "dkeirjfnvhgu", "Tr0ub4dor&3xx", "7!@#x%^&*&)(", "ünïcödé lamp river", "blue tree house 7",
		"jane and the purple lamp", "мама мыла раму вчера", "correct horse battery staple " + strings.Repeat("x", 900),
		strings.Repeat("Zq7#mW!p", 128), "9f86d081884c7d65",
	} {
		if err := CheckPassword(password, known()...); err != nil {
			t.Errorf("%q: %v", password, err)
		}
	}
}

func TestWeakPasswordsAreRefusedWithAReason(t *testing.T) {
	t.Parallel()
	for reason, passwords := range map[string][]string{
		"at least 12 characters": {"", "xK9$mP2vQ8n", "short"},
		"shorter password":       {strings.Repeat("purple lamp river", 100)},
		"not text":               {"purple lamp\x00 river", "purple lamp \xff river"},
		"easy to guess": {
			"password1234", "Password123!!", "iloveyou2024!", "letmein letmein", "aaaaaaaaaaaa", "abcdefghijkl", "123456789012",
			"passwordpassword", "P@ssw0rd1234", "p4$$w0rdp4$$w0rd", "qwertyuiop123", "Summer2025!!", "football12345", "1q2w3e4r5t6y",
			"admin admin admin", "adminadminadmin", "hunter2hunter2", "correcthorse", "changeme1234", "abababababab", "密码密码",
			"qazwsxedcrfv", "ПАРОЛЬПАРОЛЬ", "pässwördpässwörd", strings.Repeat("a", 1024), "            ", "!!!!????!!!!",
			strings.Repeat("qwertyuiop", 100),
		},
		"not built from": {
			"jane.doe@northwind.example", "JANE.DOE@NORTHWIND.EXAMPLE", "janedoe12345", "Northwind2026!", "northwind-traders",
			"N0rthw1nd!!!!", "NorthwindTradersLtd", "doe-jane-1990", "dnIwhtron2026", "Jörg-Jörg-Jörg", "jorg1234567!", "!!jane.doe!!1",
			"ＪａｎｅＤｏｅ１２３４",
		},
	} {
		for _, password := range passwords {
			err := CheckPassword(password, known()...)
			var weak *WeakPassword
			if !errors.As(err, &weak) {
				t.Errorf("%.40q passed (%v)", password, err)
				continue
			}
			if !strings.Contains(weak.Reason, reason) {
				t.Errorf("%.40q: %q, want %q", password, weak.Reason, reason)
			}
			if len(password) > 5 && strings.Contains(weak.Reason, password) {
				t.Errorf("the reason repeats the password: %q", weak.Reason)
			}
		}
	}
}

func TestPasswordLengthCountsBytes(t *testing.T) {
	t.Parallel()
	if err := CheckPassword("xK9$mP2vQ8nL"); err != nil {
		t.Errorf("12 bytes: %v", err)
	}
	random := strings.Repeat("xK9$mP2vQ8nLwe!r", 64)
	if err := CheckPassword(random); err != nil {
		t.Errorf("1,024 bytes: %v", err)
	}
	if CheckPassword(random+"x") == nil {
		t.Error("1,025 bytes passed")
	}
}

func TestCheckPasswordTogether(t *testing.T) {
	t.Parallel()
	var wg sync.WaitGroup
	for range 20 {
		wg.Go(func() {
			if err := CheckPassword("purple lamp river", known()...); err != nil {
				t.Error(err)
			}
		})
	}
	wg.Wait()
}

func FuzzCheckPassword(f *testing.F) {
	for _, s := range []string{"", "purple lamp river", "passwordpassword", "\xff\xfe", "e\u0301\u0301\u0301", "12/31/1999 qwerty", "\u202eabc漢字"} {
		f.Add(s, "jane@northwind.example")
	}
	f.Fuzz(func(t *testing.T, password, name string) {
		err := CheckPassword(password, name)
		var weak *WeakPassword
		if err != nil && (!errors.As(err, &weak) || weak.Reason == "") {
			t.Errorf("%v", err)
		}
		if err == nil && (len(password) < 12 || strings.EqualFold(password, name) && len(name) > 0) {
			t.Errorf("%q passed for %q", password, name)
		}
	})
}

func BenchmarkCheckPassword(b *testing.B) {
	for name, password := range map[string]string{
		"usual": "purple lamp river", "worst": strings.Repeat("abcdefgh", 128), "leet": strings.Repeat("4@8({[<3690!1|70$57%2", 48),
		"keyboard": strings.Repeat("qwertyuiop", 100),
	} {
		b.Run(name, func(b *testing.B) {
			for b.Loop() {
				CheckPassword(password, known()...)
			}
		})
	}
}
