#!/usr/bin/env bash
# Roster's whole story, over plain HTTP. Start `go run . dev` first, then run
# this beside it. It can be told again and again: every name is new each time.
#
#   docs/story.sh [DEMO]       the demo partner's token, or the file that has it: .roster/demo.json
#   ROSTER_URL, MAILBOX_URL    where `dev` listens, if not at http://127.0.0.1:8080 and :8025
set -euo pipefail
api=${ROSTER_URL:-http://127.0.0.1:8080}
mailbox=${MAILBOX_URL:-http://127.0.0.1:8025}
token=${1:-$(dirname "$0")/../.roster/demo.json}
password='copper-window-47-meadow'
run=$(date +%s)$$
tmp=$(mktemp -d) && trap 'rm -rf "$tmp"' EXIT

step() { printf '\n\033[1m%s\033[0m\n' "$*"; }
say()  { printf '   %s\n' "$*"; }
fail() { printf '\nUnexpected: %s\n' "$*" >&2; exit 1; }
case $token in *.json) token=$(sed -n 's/.*"Token": "\(.*\)".*/\1/p' "$token") || fail 'start `go run . dev` first' ;; esac
# first PREFIX: the first id of that kind in what comes in.
first() { grep -o "${1}_[0-9a-z]*" | sed -n 1p; }
# ask AS QUERY: AS is a file of cookies, or "token".
ask() {
  local who=(-b "$1" -c "$1") query
  query=$(printf '%s' "$2" | tr '\n' ' ' | sed 's/"/\\"/g')
  if [ "$1" = token ]; then who=(-H "Authorization: Bearer $token"); fi
  curl -sS "$api/graphql" -H 'Content-Type: application/json' "${who[@]}" -d "{\"query\":\"$query\"}" ||
    fail "nobody answers at $api: is \`go run . dev\` running?"
}
# show AS QUERY: a query that must answer.  change AS MUTATION: one that must succeed.
show()   { local a; a=$(ask "$@"); case $a in *'"errors":['*|'') fail "$a" ;; esac; echo "$a"; }
change() { local a; a=$(ask "$1" "mutation { $2 }"); case $a in *'"userErrors":[]'*) echo "$a" ;; *) fail "$a" ;; esac; }
# refused CODE AS MUTATION: one that must be refused with this code.
refused() {
  local a; a=$(ask "$2" "mutation { $3 }")
  case $a in *"\"code\":\"$1\""*) say "refused: $(sed 's/.*"message":"\([^"]*\)".*/\1/' <<<"$a")" ;; *) fail "wanted $1, got $a" ;; esac
}
# link ADDRESS: waits for the newest mail to the address and answers the token in its link.
link() {
  local id
  for _ in $(seq 100); do
    id=$(curl -sS "$mailbox/messages.json?limit=1&to=$1" | sed -n 's/.*"id":"\([0-9]*\)".*/\1/p')
    if [ -n "$id" ]; then curl -sS "$mailbox/messages/$id.json" | grep -o '/verify#[A-Za-z0-9_-]*' | sed -n '1s/.*#//p'; return; fi
    sleep 0.1
  done
  fail "no mail to $1 came"
}
verify() { change "$tmp/nobody" "contactVerify(input: {token: \"$1\", password: \"$password\"}) { userErrors { code message } }" >"$tmp/out"; }
sign_in() { change "$tmp/$1" "sessionCreate(input: {email: \"$2\", password: \"$password\"}) { viewer { person { displayName } accounts { id } } userErrors { code message } }"; }

step "1. Sign up; a mail with a link comes, and its page asks for a password"
primary=primary-$run@bakery.example
change "$tmp/nobody" "accountSignUp(input: {accountName: \"Bakery $run\", displayName: \"Primary Contact\", email: \"$primary\"}) { userErrors { code message } }" >"$tmp/out"
verify "$(link "$primary")"; say "$primary is verified (the mails: $mailbox/)"

step "2. Sign in; the viewer shows the account and what opens, and why"
account=$(sign_in primary "$primary" | first acc); say "the account is $account"
show "$tmp/primary" '{ viewer { applications { application { key } allowed reason { message } } } }' |
  grep -o '"key":"[A-Z_]*"},"allowed":true' | cut -d'"' -f4 | xargs printf '   opens: %s\n'

step "3. Add contacts: five at most, no address twice, unverified ones cannot sign in"
add() { echo "contactCreate(input: {accountId: \"$account\", displayName: \"$1\", email: \"$2\"}) { contact { id } userErrors { code message } }"; }
technical=technical-$run@bakery.example
contact=$(change "$tmp/primary" "$(add "Technical Contact" "$technical")" | first con); say "added a technical contact, $contact"
refused EMAIL_TAKEN "$tmp/primary" "$(add "Technical Contact" "$(tr a-z A-Z <<<"$technical")")"
refused INVALID_CREDENTIALS "$tmp/technical" "sessionCreate(input: {email: \"$technical\", password: \"$password\"}) { userErrors { code message } }"
for n in 3 4 5; do change "$tmp/primary" "$(add "Number $n" "no$n-$run@bakery.example")" >"$tmp/out"; done
refused CONTACT_LIMIT_REACHED "$tmp/primary" "$(add Sixth "no6-$run@bakery.example")"

step "4. Verify the contact and give it the role TECHNICAL: the help desk opens on the next request"
change "$tmp/primary" "contactVerificationSend(input: {contactId: \"$contact\"}) { userErrors { code message } }" >"$tmp/out"
verify "$(link "$technical")"; sign_in technical "$technical" >"$tmp/out"
refused FORBIDDEN "$tmp/technical" "issueReportCreate(input: {accountId: \"$account\", applicationKey: \"HELP_DESK\", subject: \"x\", body: \"x\"}) { userErrors { code message } }"
change "$tmp/primary" "accountRoleAssign(input: {contactId: \"$contact\", role: TECHNICAL}) { userErrors { code message } }" >"$tmp/out"
show "$tmp/technical" '{ viewer { applications { application { key } allowed } } }' | grep -q '"HELP_DESK"},"allowed":true' || fail 'the help desk did not open'; say 'it opens'
refused ROLE_HELD "$tmp/primary" "contactDelete(input: {contactId: \"$contact\"}) { userErrors { code message } }"

step "5. A partner's script creates an account with support contacts; the last one stays"
clinic=clinic-$run@clinic.example
account=$(change token "accountCreate(input: {name: \"Clinic $run\", primaryContact: {displayName: \"Clinic Contact\", email: \"$clinic\"}, supportContacts: [{email: \"desk-$run@partner.example\"}]}) { account { id } userErrors { code message } }" | first acc)
support() { echo "accountSupportContactsSet(input: {accountId: \"$account\", supportContacts: [$1]}) { userErrors { code message } }"; }
change token "$(support "{email: \"desk-$run@partner.example\"}, {email: \"oncall-$run@partner.example\"}")" >"$tmp/out"; say "two support contacts"
refused SUPPORT_CONTACT_REQUIRED token "$(support '')"

step "6. The clinic reports an issue; every support contact gets a mail of its own"
verify "$(link "$clinic")"; sign_in clinic "$clinic" >"$tmp/out"
report=$(change "$tmp/clinic" "issueReportCreate(input: {accountId: \"$account\", applicationKey: \"HELP_DESK\", subject: \"Nothing prints\", body: \"Since this morning.\"}) { issueReport { id reference } userErrors { code message } }" | first iss)
for _ in $(seq 100); do
  deliveries=$(show "$tmp/clinic" "{ node(id: \"$report\") { ... on IssueReport { reference deliveries { recipient status } } } }")
  if [ "$(grep -o '"SENT"' <<<"$deliveries" | wc -l)" -eq 2 ]; then break; fi; sleep 0.1
done
[ "$(grep -o '"SENT"' <<<"$deliveries" | wc -l)" -eq 2 ] || fail "$deliveries"
grep -o '"recipient":"[^"]*","status":"[A-Z]*"' <<<"$deliveries" | sed 's/"recipient":"\(.*\)","status":"\(.*\)"/   \2 to \1/'

step "7. Everything that changed is in the audit: who, what, old and new"
show "$tmp/clinic" "{ account(by: {id: \"$account\"}) { auditEvents(first: 5) { nodes { at verb actor { kind name } changes { field old new } } } } }" |
  sed 's/{"at"/\
"at"/g' | sed -n 's/"at":"\([^"]*\)","verb":"\([^"]*\)","actor":{"kind":"\([^"]*\)","name":\([^}]*\)}.*/   \1  \2 by \3 \4/p' | sed 's/ null$//'
printf '\nThat is the whole story.\n'
