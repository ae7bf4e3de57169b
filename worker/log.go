package worker

import (
	"context"
	"fmt"
	"log/slog"
)

// asynqLog words asynq's own lines as ours. What it says in the ordinary course
// is of no interest; that Redis is away was said already, and asynq would say
// it again every few seconds.
type asynqLog struct {
	log   *slog.Logger
	redis *outage
}

func (l asynqLog) Debug(args ...any) { l.log.Debug("asynq: " + fmt.Sprint(args...)) }
func (l asynqLog) Info(args ...any)  { l.log.Debug("asynq: " + fmt.Sprint(args...)) }
func (l asynqLog) Warn(args ...any)  { l.trouble(args) }
func (l asynqLog) Error(args ...any) { l.trouble(args) }
func (l asynqLog) Fatal(args ...any) { l.log.Error("asynq: " + fmt.Sprint(args...)) }

func (l asynqLog) trouble(args []any) {
	level := slog.LevelWarn
	if l.redis.away.Load() {
		level = slog.LevelDebug
	}
	l.log.Log(context.Background(), level, "asynq: "+fmt.Sprint(args...))
}
