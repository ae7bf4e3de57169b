package local

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"
)

// A mail's file is the mail after two lines that hold its envelope, in headers that mail programs know:
//
//	Return-Path: <from>
//	Delivered-To: to
//
// The name is its ID, which is also when it came.

// save writes mails into the folder, if there is one, all or none.
func (m *Mailbox) save(messages []Message) error {
	if m.options.Dir == "" {
		return nil
	}
	for i, message := range messages {
		if err := m.write(message); err != nil {
			for _, written := range messages[:i] {
				_ = os.Remove(m.file(written.ID))
			}
			return err
		}
	}
	return nil
}

// write makes the file under another name first, so that a kill leaves no half of a mail.
func (m *Mailbox) write(message Message) error {
	envelope := fmt.Sprintf("Return-Path: <%s>\r\nDelivered-To: %s\r\n", message.From, message.To)
	temporary := m.file(message.ID) + ".new"
	if err := os.WriteFile(temporary, append([]byte(envelope), message.Raw...), 0o600); err != nil {
		_ = os.Remove(temporary)
		return err
	}
	return os.Rename(temporary, m.file(message.ID))
}

func (m *Mailbox) file(id string) string { return filepath.Join(m.options.Dir, id+".eml") }

// remove deletes the files of mails that are forgotten. What cannot be deleted is so at the next start.
func (m *Mailbox) remove(ids []string) {
	if m.options.Dir == "" {
		return
	}
	for _, id := range ids {
		_ = os.Remove(m.file(id))
	}
}

// load reads the mails of earlier runs.
func (m *Mailbox) load() error {
	if m.options.Dir == "" {
		return nil
	}
	if err := os.MkdirAll(m.options.Dir, 0o700); err != nil {
		return err
	}
	names, err := filepath.Glob(filepath.Join(m.options.Dir, "*.eml"))
	if err != nil {
		return err
	}
	slices.Sort(names)
	var messages []Message
	for _, name := range names {
		message, err := readMessage(name)
		if errors.Is(err, errForeign) {
			continue // somebody's own file
		}
		if err != nil {
			return err
		}
		messages = append(messages, message)
	}
	if len(messages) > 0 {
		m.lastID = messages[len(messages)-1].At.UnixNano()
	}
	m.remove(m.add(messages))
	return nil
}

var errForeign = errors.New("not a file of the mailbox")

func readMessage(name string) (Message, error) {
	id := strings.TrimSuffix(filepath.Base(name), ".eml")
	number, err := strconv.ParseInt(id, 10, 64)
	if err != nil || messageID(number) != id {
		return Message{}, errForeign
	}
	text, err := os.ReadFile(name)
	if errors.Is(err, fs.ErrNotExist) {
		return Message{}, errForeign
	}
	if err != nil {
		return Message{}, fmt.Errorf("read a mail: %w", err)
	}
	first, rest, _ := bytes.Cut(text, []byte("\r\n"))
	second, raw, _ := bytes.Cut(rest, []byte("\r\n"))
	from, fromOK := strings.CutPrefix(string(first), "Return-Path: <")
	to, toOK := strings.CutPrefix(string(second), "Delivered-To: ")
	if !fromOK || !toOK {
		return Message{}, errForeign
	}
	message := Message{ID: id, At: time.Unix(0, number), From: strings.TrimSuffix(from, ">"), To: to, Raw: raw}
	message.parse()
	return message, nil
}
