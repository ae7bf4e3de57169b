package mail

import "time"

// IssueReported brings an issue report to one support contact. Subject and Body are the reporter's own words: they
// appear quoted in the text and escaped in the HTML, never in a header. The caller puts the reporter into the
// envelope's Reply-To. EscalationText and EscalationURL (http or https) say where to turn next and may be empty; Why
// is one sentence on why this address receives the report.
type IssueReported struct {
	Reference, AccountName, ApplicationName string
	ReporterName, ReporterAddress           string
	Subject, Body                           string
	At                                      time.Time
	EscalationText, EscalationURL, Why      string
}

// Render words the message.
func (m IssueReported) Render() (Content, error) {
	clean(&m.Reference, &m.AccountName, &m.ApplicationName, &m.ReporterName, &m.ReporterAddress, &m.Subject,
		&m.EscalationText, &m.EscalationURL, &m.Why)
	m.Body = block(m.Body)
	return render("issue_reported", m)
}

// Redacted is the same: the report is history, and its escalation link proves nothing.
func (m IssueReported) Redacted() (Content, error) { return m.Render() }
