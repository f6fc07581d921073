// The loop of loop.py in Go (franz-go): same names in the environment, same words on stdout.
package main

import (
	"context"
	"fmt"
	"io"
	"os"
	"strconv"

	"github.com/twmb/franz-go/pkg/kgo"
)

const batch = 4

func main() {
	if err := run(); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func run() error {
	count, err := strconv.Atoi(os.Getenv("COUNT"))
	if err != nil {
		return err
	}
	session, err := kgo.NewGroupTransactSession(
		kgo.SeedBrokers(os.Getenv("KAFKA_BOOTSTRAP_SERVERS")),
		kgo.TransactionalID(os.Getenv("TRANSACTIONAL_ID")),
		kgo.ConsumerGroup(os.Getenv("GROUP")),
		kgo.ConsumeTopics(os.Getenv("INPUT")),
		kgo.FetchIsolationLevel(kgo.ReadCommitted()),
		kgo.ConsumeResetOffset(kgo.NewOffset().AtStart()),
		kgo.RequireStableFetchOffsets(),
	)
	if err != nil {
		return err
	}
	defer session.Close()
	ctx := context.Background()
	for done := 0; done < count; {
		fetches := session.PollRecords(ctx, batch)
		if err := fetches.Err(); err != nil {
			return err
		}
		if fetches.NumRecords() == 0 {
			continue
		}
		if err := session.Begin(); err != nil {
			return err
		}
		fetches.EachRecord(func(record *kgo.Record) {
			value := append([]byte("loop:"), record.Value...)
			session.Produce(ctx, &kgo.Record{Topic: os.Getenv("OUTPUT"), Key: record.Key, Value: value}, nil)
		})
		committed, err := session.End(ctx, kgo.TryCommit)
		if err != nil {
			return err
		}
		if !committed {
			return fmt.Errorf("the transaction was not committed")
		}
		done += fetches.NumRecords()
		fmt.Println(done)
	}
	_, err = io.ReadAll(os.Stdin)
	return err
}
