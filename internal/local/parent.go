package local

import "errors"

// ErrNoParent says that the process that started us is gone or is init, whose death ends us anyway.
var ErrNoParent = errors.New("the process that started this one is gone, or is init")
