package main

import (
	"bufio"
	"fmt"
	"maps"
	"net"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"roster/internal/local"
	"roster/internal/secret"
	"roster/internal/store"
	"roster/internal/testkit"
)

// settings are environment variables.
type settings map[string]string

// with is the same but for one; empty is the same as not set.
func (s settings) with(name, value string) settings {
	changed := maps.Clone(s)
	changed[name] = value
	return changed
}

func (s settings) run(t *testing.T, args ...string) *program {
	t.Helper()
	var env []string
	for name, value := range s {
		env = append(env, name+"="+value)
	}
	return startProgram(t, launch{args: args, env: env, dir: t.TempDir()})
}

// do runs a command that ends by itself, and answers what it said.
func (s settings) do(t *testing.T, code int, args ...string) *program {
	t.Helper()
	p := s.run(t, args...)
	p.wantEnd(code)
	return p
}

// production is what an operator sets, for servers of our own and an empty
// database.
func production(t *testing.T, mailbox *local.Mailbox) settings {
	t.Helper()
	server, err := url.Parse(testkit.DatabaseURL(t))
	if err != nil {
		t.Fatal(err)
	}
	name := "empty_" + strings.ToLower(regexp.MustCompile(`\W`).ReplaceAllString(t.Name(), "_"))
	at := *server
	at.Path = "/postgres"
	if err := store.CreateDatabase(t.Context(), at.String(), name, ""); err != nil {
		t.Fatal(err)
	}
	server.Path = "/" + name
	address := freeAddress(t)
	return settings{
		"DATABASE_URL": server.String(), "REDIS_URL": testkit.Redis(t), "SMTP_URL": mailbox.URL(),
		"ROSTER_PUBLIC_URL": "http://" + address, "ROSTER_HTTP_ADDR": address,
		"ROSTER_LINK_KEYS": secret.NewKey(), "ROSTER_MAIL_FROM": "Roster <roster@vendor.example>",
	}
}

// The commands work together as processes of their own, on servers that
// somebody else runs.
func TestCommandsWorkTogether(t *testing.T) {
	t.Parallel()
	mailbox := testkit.Mailbox(t, local.MailboxOptions{})
	s := production(t, mailbox)
	s.do(t, 1, "serve").wantSaid("no schema yet", "roster migrate")
	s.do(t, 1, "work").wantSaid("no schema yet", "roster migrate")
	s.do(t, 1, "staff", "create", "ada@vendor.example", "Ada").wantSaid("roster migrate")
	migrateAtOnce(t, s)

	serve, work := s.run(t, "serve"), s.run(t, "work")
	serve.await(`"msg":"serving"`, 30*time.Second)
	work.await(`"msg":"sending mails"`, 30*time.Second)
	s.do(t, 0, "staff", "create", "--admin", "ada@vendor.example", "Ada").wantSaid("Added ada@vendor.example (stf_")
	s.do(t, 1, "staff", "create", "ada@vendor.example", "Ada").wantSaid("EMAIL_TAKEN")
	s.do(t, 0, "partner", "create", "Reseller", "rex@reseller.example", "Rex").wantSaid("Added Reseller (par_", "rex@reseller.example")
	token := strings.Fields(s.do(t, 0, "token", "create", "--scopes", "READ,WRITE", "rex@reseller.example", "Script").out.String())[0]

	ada := arriveAt(t, mailbox, s["ROSTER_PUBLIC_URL"], "ada@vendor.example")
	if got := ada.do(`{ viewer { staffUser { admin } } }`, nil); got.at("viewer", "staffUser", "admin") != true {
		t.Errorf("Ada after signing in: %s", got.Raw)
	}
	rex := arriveAt(t, mailbox, s["ROSTER_PUBLIC_URL"], "rex@reseller.example")
	if got := rex.do(`{ viewer { partnerUser { admin } } }`, nil); got.at("viewer", "partnerUser", "admin") != true {
		t.Errorf("Rex after signing in: %s", got.Raw)
	}
	script := callerAt(t, s["ROSTER_PUBLIC_URL"], token)
	script.change("accountCreate", values{"name": "Customer", "primaryContact": values{"displayName": "Cleo", "email": "cleo@customer.example"},
		"supportContacts": []any{values{"email": "desk@reseller.example"}}}, "account { id }")
	arriveAt(t, mailbox, s["ROSTER_PUBLIC_URL"], "cleo@customer.example")

	for _, p := range []*program{serve, work} {
		if children := childrenOf(p.cmd.Process.Pid); len(children) > 0 {
			t.Errorf("%v has started something of its own: %v", p.cmd.Args[1:], children)
		}
		if left, _ := os.ReadDir(p.cmd.Dir); len(left) > 0 {
			t.Errorf("%v has left files where it ran: %v", p.cmd.Args[1:], left)
		}
		p.signal(syscall.SIGTERM)
		p.wantEnd(0)
	}
}

// migrateAtOnce migrates as three machines of one deployment do: one of them
// applies everything, and the others find that done.
func migrateAtOnce(t *testing.T, s settings) {
	t.Helper()
	var all []*program
	for range 3 {
		all = append(all, s.run(t, "migrate"))
	}
	applied := 0
	for _, one := range all {
		one.wantEnd(0)
		applied += strings.Count(one.out.String(), "Applied: ")
	}
	if applied != 1 {
		t.Errorf("%d of three migrated", applied)
	}
	s.do(t, 0, "migrate").wantSaid("The schema is up to date.")
}

// What is under way when SIGTERM comes is finished: a request is answered, and a
// mail goes out, once.
func TestSIGTERMLetsFinish(t *testing.T) {
	t.Parallel()
	arrived, release := make(chan string, 10), make(chan struct{})
	mailbox := testkit.Mailbox(t, local.MailboxOptions{Reply: func(_, to string) error {
		arrived <- to
		<-release
		return nil
	}})
	s := production(t, mailbox)
	s["DATABASE_URL"] = testkit.DatabaseURL(t)
	serve, work := s.run(t, "serve"), s.run(t, "work")
	serve.await(`"msg":"serving"`, 30*time.Second)
	s.do(t, 0, "staff", "create", "ada@vendor.example", "Ada")
	select {
	case <-arrived:
	case <-time.After(30 * time.Second):
		t.Fatalf("no mail is sent: %s", work.out.String())
	}
	conn, err := net.Dial("tcp", s["ROSTER_HTTP_ADDR"])
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = conn.Close() }()
	const body = `{"query":"{ viewer { person { id } } }"}`
	fmt.Fprintf(conn, "POST /graphql HTTP/1.1\r\nHost: %s\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n%s",
		s["ROSTER_HTTP_ADDR"], len(body), body[:10])
	time.Sleep(200 * time.Millisecond) // until the server has begun to read

	serve.signal(syscall.SIGTERM)
	work.signal(syscall.SIGTERM)
	if serve.endsWithin(500*time.Millisecond) || !work.running() {
		t.Fatalf("they do not wait:\n%s%s", serve.out.String(), work.out.String())
	}
	if _, err := fmt.Fprint(conn, body[10:]); err != nil {
		t.Fatal(err)
	}
	answer, err := bufio.NewReader(conn).ReadString('\n')
	if err != nil || !strings.Contains(answer, " 200 ") {
		t.Errorf("the request that was under way gets %q, %v", answer, err)
	}
	serve.wantEnd(0)
	close(release)
	work.wantEnd(0)
	again := s.run(t, "work") // finds nothing left to do
	again.await(`"msg":"sending mails"`, 30*time.Second)
	time.Sleep(time.Second)
	if mails := mailbox.Messages(); len(mails) != 1 {
		t.Errorf("%d mails came", len(mails))
	}
	var state string
	row := testkit.Open(t, s["DATABASE_URL"], 1).Raw().QueryRow(`SELECT string_agg(status, ',') FROM email_messages`)
	if err := row.Scan(&state); err != nil || state != "SENT" {
		t.Errorf("the mail is %q, %v", state, err)
	}
}

// arriveAt waits for the mail, follows its link and signs in.
func arriveAt(t *testing.T, mailbox *local.Mailbox, public, email string) *client {
	t.Helper()
	mail, err := mailbox.Wait(testkit.Soon(t), func(m local.Message) bool { return m.To == email })
	if err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(mail.Text, public+"/verify#") || mail.From != "roster@vendor.example" {
		t.Errorf("the mail from %s links elsewhere than %s:\n%s", mail.From, public, mail.Text)
	}
	token := linkToken.FindStringSubmatch(mail.Text)[1]
	c := callerAt(t, public, "")
	c.change("contactVerify", values{"token": token, "password": goodPassword}, "")
	return c.signIn(email, goodPassword)
}

// dev, too, uses what is set and starts nothing beside it.
func TestDevOnOthersServers(t *testing.T) {
	t.Parallel()
	mailbox := testkit.Mailbox(t, local.MailboxOptions{})
	s := production(t, mailbox)
	h := newHome(t, t.TempDir())
	p := s.run(t, h.args()...)
	p.await(ready, 15*time.Second*slack())
	p.wantSaid("DATABASE_URL", "REDIS_URL", "SMTP_URL")
	if children := childrenOf(p.cmd.Process.Pid); len(children) > 0 {
		t.Errorf("it has started something of its own: %v", children)
	}
	h.caller("").change("accountSignUp", values{"accountName": "Bread", "displayName": "Anna", "email": annaAt}, "")
	mail, err := mailbox.Wait(testkit.Soon(t), func(m local.Message) bool { return m.To == annaAt })
	if err != nil || !strings.Contains(mail.Text, "http://"+h.http+"/verify#") {
		t.Errorf("%v: the mail is\n%s", err, mail.Text)
	}
	p.signal(syscall.SIGTERM)
	p.wantEnd(0)
}

// childrenOf lists the programs that a process has started.
func childrenOf(pid int) (list []string) {
	files, _ := filepath.Glob(fmt.Sprintf("/proc/%d/task/*/children", pid))
	for _, file := range files {
		children, _ := os.ReadFile(file)
		list = append(list, strings.Fields(string(children))...)
	}
	return list
}

// A program does not run on a schema older than its own, and a migration that
// ran without being marked may run again.
func TestOlderSchemaIsRefused(t *testing.T) {
	t.Parallel()
	s := production(t, testkit.Mailbox(t, local.MailboxOptions{}))
	s["DATABASE_URL"] = testkit.DatabaseURL(t)
	if _, err := testkit.Open(t, s["DATABASE_URL"], 1).Raw().Exec(`DELETE FROM bun_migrations WHERE name = (SELECT max(name) FROM bun_migrations)`); err != nil {
		t.Fatal(err)
	}
	for _, args := range [][]string{{"serve"}, {"work"}, {"staff", "create", "ada@vendor.example", "Ada"}} {
		s.do(t, 1, args...).wantSaid("schema is older than this program's", "roster migrate")
	}
	s.do(t, 0, "migrate").wantSaid("Applied: ")
	s.run(t, "serve").await(`"msg":"serving"`, 30*time.Second)
}

// Every setting that is missing or wrong is named, with what it should look
// like, and no password is repeated.
func TestWrongSettings(t *testing.T) {
	t.Parallel()
	const password = "hunter2"
	good := production(t, testkit.Mailbox(t, local.MailboxOptions{}))
	good["DATABASE_URL"] = testkit.DatabaseURL(t)
	nobody := freeAddress(t)
	postgres, redis, mail := "postgres://user:password@host:5432/name", "redis://", "smtp://user:password@"
	tests := []struct {
		command, name, value string
		want                 []string
	}{
		{"serve", "DATABASE_URL", "", []string{"is not set", postgres}},
		{"serve", "DATABASE_URL", "garbage " + password, []string{postgres}},
		{"serve", "DATABASE_URL", "mysql://user:" + password + "@host/db", []string{postgres}},
		{"serve", "DATABASE_URL", "postgres://user:" + password + "/more@host:5432/db", []string{postgres}},
		{"serve", "DATABASE_URL", "postgres://user:" + password + "%zz@host:5432/db", []string{postgres}},
		{"serve", "DATABASE_URL", "postgres://user:" + password + "@" + nobody + "/db", []string{"no PostgreSQL answers", nobody}},
		{"work", "DATABASE_URL", "postgres://user:" + password + "@" + nobody + "/db", []string{"no PostgreSQL answers", nobody}},
		{"migrate", "DATABASE_URL", "", []string{"is not set", postgres}},
		{"migrate", "DATABASE_URL", "postgres://user:" + password + "@" + nobody + "/db", []string{"no PostgreSQL answers", nobody}},
		{"migrate", "MIGRATION_DATABASE_URL", "postgres://user:" + password + "@" + nobody + "/db", []string{"no PostgreSQL answers", nobody}},
		{"staff create ada@vendor.example Ada", "DATABASE_URL", "", []string{"is not set", postgres}},
		{"partner create P ada@vendor.example Ada", "DATABASE_URL", "garbage", []string{postgres}},
		{"token create ada@vendor.example Script", "DATABASE_URL", "", []string{"is not set", postgres}},
		{"serve", "ROSTER_DATABASE_CONNS", "0", []string{"a number above 0"}},
		{"serve", "ROSTER_DATABASE_CONNS", "many", []string{"many"}},
		{"serve", "REDIS_URL", "", []string{"is not set", redis}},
		{"serve", "REDIS_URL", "http://:" + password + "@host:6379/0", []string{redis}},
		{"serve", "REDIS_URL", "redis://:" + password + "/more@host:6379/0", []string{redis}},
		{"work", "REDIS_URL", password + " garbage", []string{redis}},
		{"serve", "ROSTER_PUBLIC_URL", "", []string{"is not set", "https://roster.example.com"}},
		{"serve", "ROSTER_PUBLIC_URL", "http://roster.example.com", []string{"https://"}},
		{"work", "ROSTER_PUBLIC_URL", "http://roster.example.com", []string{"https://"}},
		{"serve", "ROSTER_PUBLIC_URL", "roster.example.com", []string{"https://roster.example.com"}},
		{"serve", "ROSTER_PUBLIC_URL", "https://user:" + password + "@roster.example.com", []string{"https://roster.example.com"}},
		{"serve", "ROSTER_LINK_KEYS", "", []string{"is not set", "base64"}},
		{"serve", "ROSTER_LINK_KEYS", "k1:aHVudGVyMg", []string{"32 bytes"}},
		{"work", "ROSTER_LINK_KEYS", password, []string{"id:base64"}},
		{"serve", "ROSTER_HTTP_ADDR", "", []string{"is not set", "127.0.0.1:8080"}},
		{"serve", "ROSTER_HTTP_ADDR", "8080", []string{"127.0.0.1:8080"}},
		{"serve", "ROSTER_TRUSTED_PROXIES", "10.0.0.0", []string{"10.0.0.0/8"}},
		{"work", "SMTP_URL", "", []string{"is not set", mail}},
		{"work", "SMTP_URL", "http://user:" + password + "@host", []string{mail}},
		{"work", "SMTP_URL", "smtp://user:" + password + "@host:587?tsl=none", []string{mail}},
		{"work", "SMTP_URL", "smtp://user:" + password + "%zz@host:587", []string{mail}},
		{"work", "ROSTER_MAIL_FROM", "", []string{"is not set", "Roster <roster@example.com>"}},
		{"work", "ROSTER_MAIL_FROM", "Roster", []string{"Roster <roster@example.com>"}},
		{"work", "ROSTER_MAIL_FROM", "Röster <röster@example.com>", []string{"address@example.com"}},
		{"work", "ROSTER_MAIL_WORKERS", "-1", []string{"a number above 0"}},
	}
	limit := make(chan struct{}, runtime.GOMAXPROCS(0))
	for i, test := range tests {
		t.Run(strconv.Itoa(i)+" "+test.name, func(t *testing.T) {
			t.Parallel()
			limit <- struct{}{}
			defer func() { <-limit }()
			p := good.with(test.name, test.value).do(t, 1, strings.Fields(test.command)...)
			p.wantSaid(append(test.want, test.name)...)
			if strings.Contains(p.out.String(), password) {
				t.Errorf("it repeats the password:\n%s", p.out.String())
			}
		})
	}
}

// All that is missing is named at once, without a stack of anything.
func TestNothingIsSet(t *testing.T) {
	t.Parallel()
	p := settings{}.do(t, 1, "work")
	p.wantSaid("DATABASE_URL", "REDIS_URL", "ROSTER_PUBLIC_URL", "ROSTER_LINK_KEYS", "SMTP_URL", "ROSTER_MAIL_FROM", "roster dev")
	if lines := strings.Count(p.out.String(), "\n"); lines > 10 {
		t.Errorf("it says it in %d lines:\n%s", lines, p.out.String())
	}
}

// A taken port is a sentence here too.
func TestServeOnATakenPort(t *testing.T) {
	t.Parallel()
	mailbox := testkit.Mailbox(t, local.MailboxOptions{}) // any program that listens
	s := production(t, mailbox)
	s["DATABASE_URL"] = testkit.DatabaseURL(t)
	s["ROSTER_HTTP_ADDR"] = mailbox.Addr()
	s.do(t, 1, "serve").wantSaid("another program listens on "+mailbox.Addr(), "ROSTER_HTTP_ADDR")
}

// Help lists every variable with its default and one line of what it is.
func TestHelpListsEveryVariable(t *testing.T) {
	t.Parallel()
	all := []string{"DATABASE_URL", "MIGRATION_DATABASE_URL", "ROSTER_DATABASE_CONNS", "REDIS_URL", "SMTP_URL", "ROSTER_PUBLIC_URL",
		"ROSTER_LINK_KEYS", "ROSTER_MAIL_FROM", "ROSTER_MAIL_WORKERS", "ROSTER_HTTP_ADDR", "ROSTER_TRUSTED_PROXIES",
		"ROSTER_INTROSPECTION", "ROSTER_DEV_FROM", "ROSTER_POSTGRES_BIN", "ROSTER_REDIS_BIN"}
	help := settings{}.do(t, 0, "--help").out.String()
	for _, name := range all {
		line := regexp.MustCompile(`(?m)^  ` + name + ` +(\S+) +(.+\.)$`).FindStringSubmatch(help)
		if line == nil {
			t.Errorf("%s is not in:\n%s", name, help)
		}
	}
	for name, fallback := range map[string]string{"ROSTER_HTTP_ADDR": "127.0.0.1:8080", "ROSTER_DATABASE_CONNS": "8", "ROSTER_MAIL_WORKERS": "8"} {
		if !regexp.MustCompile(`(?m)^  ` + name + ` +` + fallback + ` `).MatchString(help) {
			t.Errorf("the default of %s is not %s in:\n%s", name, fallback, help)
		}
	}
	commands := map[string][]string{"serve": {"SMTP_URL", "ROSTER_MAIL_FROM", "ROSTER_MAIL_WORKERS"}, "work": {"ROSTER_HTTP_ADDR", "ROSTER_TRUSTED_PROXIES", "ROSTER_INTROSPECTION"}}
	for command, others := range commands {
		help := settings{}.do(t, 0, command, "--help").out.String()
		for _, name := range all {
			needs := !slices.Contains(others, name) && !strings.HasSuffix(name, "_BIN") && name != "ROSTER_DEV_FROM"
			if has := strings.Contains(help, "($"+name+")"); has != needs {
				t.Errorf("%s --help tells of %s: %v", command, name, has)
			}
		}
	}
}

// The variables that the help lists are all that the code reads.
func TestHelpIsWhole(t *testing.T) {
	t.Parallel()
	help := settings{}.do(t, 0, "--help").out.String()
	read := regexp.MustCompile(`(?:env:"|Getenv\("|LookupEnv\(")([A-Z_]+)"`)
	folders := []string{".", "internal/*", "worker", "graph"}
	for _, folder := range folders {
		files, _ := filepath.Glob(filepath.Join(folder, "*.go"))
		for _, file := range files {
			content, err := os.ReadFile(file)
			if err != nil || strings.HasSuffix(file, "_test.go") {
				continue
			}
			for _, found := range read.FindAllStringSubmatch(string(content), -1) {
				if name := found[1]; strings.HasPrefix(name, "ROSTER_") && !strings.Contains(help, "  "+name+" ") {
					t.Errorf("%s reads %s, of which the help knows nothing", file, name)
				}
			}
		}
	}
}
