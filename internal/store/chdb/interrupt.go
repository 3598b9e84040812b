package chdb

import (
	"context"
	"time"
)

// again is how long to wait before a statement that did not stop is stopped
// again: it may not have begun when it was stopped first.
const again = 20 * time.Millisecond

// interruptible runs f, which executes a statement on the connection, and stops
// the statement when the context ends. It returns when f has returned and
// nothing will touch the connection any more.
func (c *core) interruptible(ctx context.Context, conn *conn, f func()) {
	over, stopped := make(chan struct{}), make(chan struct{})
	stop := context.AfterFunc(ctx, func() {
		defer close(stopped)
		c.interrupt(conn, over)
	})
	f()
	close(over)
	if !stop() {
		<-stopped
	}
}

// interrupt stops what runs on a connection until over is closed. The engine has
// no other way to stop a statement that has not produced anything.
func (c *core) interrupt(conn *conn, over <-chan struct{}) {
	control, err := c.control.acquire(context.Background())
	if err != nil {
		c.logger.Warn().Err(err).Msg("a statement could not be stopped")
		return
	}
	defer c.control.release(control)
	tick := time.NewTicker(again)
	defer tick.Stop()
	for {
		select {
		case <-over:
			return
		default:
		}
		sql := "KILL QUERY WHERE Settings['" + nameSetting + "'] = " + quoteText(conn.name) + " ASYNC"
		if _, err := control.query(sql, "Null", nil); err != nil {
			c.logger.Warn().Err(err).Msg("a statement could not be stopped")
			return
		}
		select {
		case <-over:
			return
		case <-tick.C:
		}
	}
}
