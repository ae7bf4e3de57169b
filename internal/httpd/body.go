package httpd

import (
	"errors"
	"io"
	"mime"
	"net/http"
	"os"
	"strings"

	"roster/internal/roster"
)

// bodyLimit is the longest request the API reads, in bytes.
const bodyLimit = 128 << 10

// unfit refuses what is no JSON document sent by POST, by its head alone.
func unfit(r *http.Request) *refusal {
	switch {
	case r.Method != http.MethodPost:
		return &refusal{Status: http.StatusMethodNotAllowed, Code: roster.BadUserInput, Allow: http.MethodPost,
			Message: "Send the document by POST."}
	case !isJSON(r.Header.Values("Content-Type")):
		// A form or plain text can be sent from a foreign page without asking.
		return &refusal{Status: http.StatusUnsupportedMediaType, Code: roster.BadUserInput,
			Message: "Send the document as application/json, in UTF-8."}
	case r.Header.Get("Content-Encoding") != "" && !strings.EqualFold(r.Header.Get("Content-Encoding"), "identity"):
		return &refusal{Status: http.StatusUnsupportedMediaType, Code: roster.BadUserInput,
			Message: "Send the document without compression."}
	case r.ContentLength > bodyLimit:
		return tooLarge()
	}
	return nil
}

func isJSON(types []string) bool {
	if len(types) != 1 {
		return false
	}
	media, parameters, err := mime.ParseMediaType(types[0])
	if err != nil || media != "application/json" {
		return false
	}
	charset, said := parameters["charset"]
	return !said || strings.EqualFold(charset, "utf-8")
}

// readBody reads the whole body, at most bodyLimit of it.
func readBody(w http.ResponseWriter, r *http.Request) ([]byte, *refusal) {
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, bodyLimit))
	var over *http.MaxBytesError
	switch {
	case err == nil:
		return body, nil
	case errors.As(err, &over):
		return nil, tooLarge()
	case errors.Is(err, os.ErrDeadlineExceeded):
		return nil, &refusal{Status: http.StatusRequestTimeout, Code: roster.BadUserInput, HangUp: true,
			Message: "The request took too long to arrive."}
	}
	return nil, &refusal{Status: http.StatusBadRequest, Code: roster.BadUserInput, HangUp: true,
		Message: "The request did not arrive whole."}
}

func tooLarge() *refusal {
	return &refusal{Status: http.StatusRequestEntityTooLarge, Code: documentTooLarge, HangUp: true,
		Message: "The request is longer than 128 KiB."}
}
