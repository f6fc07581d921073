// Asks a schema registry with two Go clients, Confluent's own and franz-go's, and prints each answer as a line of JSON.
package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"

	confluent "github.com/confluentinc/confluent-kafka-go/v2/schemaregistry"
	"github.com/confluentinc/confluent-kafka-go/v2/schemaregistry/rest"
	"github.com/twmb/franz-go/pkg/sr"
)

const (
	one    = `{"type":"record","name":"Order","fields":[{"name":"id","type":"long"}]}`
	two    = `{"type":"record","name":"Order","fields":[{"name":"id","type":"long"},{"name":"total","type":"long","default":0}]}`
	broken = `{"type":"record","name":"Order","fields":[{"name":"id","type":"long"},{"name":"lost","type":"long"}]}`
	money  = `syntax = "proto3"; message Money { int64 cents = 1; }`
	bill   = `syntax = "proto3"; import "money.proto"; message Bill { Money total = 1; }`
)

// say prints what a call gave: its value, or the status and code with which the registry refused it.
func say(call string, value any, err error) {
	var theirs *rest.Error
	var franz *sr.ResponseError
	switch {
	case errors.As(err, &theirs):
		value = map[string]any{"refused": theirs.Code}
	case errors.As(err, &franz):
		value = map[string]any{"refused": franz.ErrorCode, "status": franz.StatusCode}
	case err != nil:
		value = map[string]any{"error": err.Error()}
	}
	line, err := json.Marshal(map[string]any{"call": call, "value": value})
	if err != nil {
		panic(err)
	}
	fmt.Println(string(line))
}

func confluents(url string) {
	client, err := confluent.NewClient(confluent.NewConfig(url))
	if err != nil {
		panic(err)
	}
	defer client.Close()
	avro := func(text string) confluent.SchemaInfo { return confluent.SchemaInfo{Schema: text} }

	id, err := client.Register("go-value", avro(one), false)
	say("Register", id > 0, err)
	second, err := client.RegisterFullResponse("go-value", avro(two), true)
	say("RegisterFullResponse", []bool{second.ID == id+1, second.GUID != ""}, err)
	_, err = client.Register("go-value", avro(broken), false)
	say("Register broken", nil, err)
	_, err = client.Register("go-value", avro("{"), false)
	say("Register unreadable", nil, err)
	_, err = client.Register("go-money", confluent.SchemaInfo{Schema: money, SchemaType: "PROTOBUF"}, false)
	say("Register PROTOBUF", nil, err)
	links := []confluent.Reference{{Name: "money.proto", Subject: "go-money", Version: 1}}
	_, err = client.Register("go-bill", confluent.SchemaInfo{Schema: bill, SchemaType: "PROTOBUF", References: links}, false)
	say("Register with a reference", nil, err)
	latest, err := client.GetLatestSchemaMetadata("go-bill")
	say("GetLatestSchemaMetadata", []any{latest.Version, latest.SchemaType, latest.References}, err)
	info, err := client.GetBySubjectAndID("go-value", id)
	say("GetBySubjectAndID", info.Schema, err)
	info, err = client.GetByGUID(second.GUID)
	say("GetByGUID", info.Schema == two, err)
	places, err := client.GetSubjectsAndVersionsByID(id)
	say("GetSubjectsAndVersionsByID", places, err)
	found, err := client.GetID("go-value", avro(two), false)
	say("GetID", found == second.ID, err)
	version, err := client.GetVersion("go-value", avro(two), false)
	say("GetVersion", version, err)
	versions, err := client.GetAllVersions("go-value")
	say("GetAllVersions", versions, err)
	subjects, err := client.GetAllSubjects()
	say("GetAllSubjects", subjects, err)
	contexts, err := client.GetAllContexts()
	say("GetAllContexts", contexts, err)
	good, err := client.TestCompatibility("go-value", 2, avro(broken))
	say("TestCompatibility", good, err)
	good, err = client.TestSubjectCompatibility("go-value", avro(two))
	say("TestSubjectCompatibility", good, err)
	level, err := client.GetDefaultCompatibility()
	say("GetDefaultCompatibility", level.String(), err)
	level, err = client.UpdateCompatibility("go-value", confluent.Full)
	say("UpdateCompatibility", level.String(), err)
	config, err := client.GetConfig("go-value", true)
	say("GetConfig", config.CompatibilityLevel.String(), err)
	_, err = client.GetLatestSchemaMetadata("go-nothing")
	say("GetLatestSchemaMetadata of nothing", nil, err)
	_, err = client.DeleteSubject("go-bill", true)
	say("DeleteSubject permanently at once", nil, err)
	gone, err := client.DeleteSubjectVersion("go-value", 1, false)
	say("DeleteSubjectVersion", gone, err)
	all, err := client.DeleteSubject("go-value", false)
	say("DeleteSubject", all, err)
	kept, err := client.GetSchemaMetadataIncludeDeleted("go-value", 2, true)
	say("GetSchemaMetadataIncludeDeleted", kept.Schema == two, err)
}

func franz(url string) {
	client, err := sr.NewClient(sr.URLs(url))
	if err != nil {
		panic(err)
	}
	ctx := context.Background()
	first, err := client.CreateSchema(ctx, "franz-value", sr.Schema{Schema: one})
	say("CreateSchema", []any{first.Subject, first.Version, first.Schema.Schema}, err)
	_, err = client.CreateSchema(ctx, "franz-value", sr.Schema{Schema: broken})
	say("CreateSchema broken", nil, err)
	types, err := client.SupportedTypes(ctx)
	say("SupportedTypes", len(types), err)
	text, err := client.SchemaTextByID(ctx, first.ID)
	say("SchemaTextByID", text, err)
	named, err := client.SubjectsByID(ctx, first.ID)
	say("SubjectsByID", named, err)
	same, err := client.LookupSchema(ctx, "franz-value", sr.Schema{Schema: one})
	say("LookupSchema", same.ID == first.ID, err)
	by, err := client.SchemaByVersion(ctx, "franz-value", -1)
	say("SchemaByVersion latest", by.Version, err)
	text, err = client.SchemaTextByVersion(ctx, "franz-value", 1)
	say("SchemaTextByVersion", text, err)
	every, err := client.AllSchemas(ctx)
	say("AllSchemas", len(every) > 0, err)
	answer, err := client.CheckCompatibility(ctx, "franz-value", -1, sr.Schema{Schema: broken})
	say("CheckCompatibility", []any{answer.Is, len(answer.Messages) > 0}, err)
	for _, set := range client.SetCompatibility(ctx, sr.SetCompatibility{Level: sr.CompatNone}, "franz-value") {
		say("SetCompatibility", set.Level.String(), set.Err)
	}
	for _, set := range client.Compatibility(ctx, "franz-value") {
		say("Compatibility", set.Level.String(), set.Err)
	}
	for _, set := range client.ResetCompatibility(ctx, "franz-value") {
		say("ResetCompatibility", nil, set.Err)
	}
	for _, set := range client.SetMode(ctx, sr.ModeReadOnly, "franz-value") {
		say("SetMode", set.Mode.String(), set.Err)
	}
	_, err = client.CreateSchema(ctx, "franz-value", sr.Schema{Schema: two})
	say("CreateSchema read only", nil, err)
	for _, set := range client.ResetMode(ctx, "franz-value") {
		say("ResetMode", nil, set.Err)
	}
	users, err := client.SchemaReferences(ctx, "go-money", 1)
	say("SchemaReferences", len(users), err)
	say("DeleteSchema", nil, client.DeleteSchema(ctx, "franz-value", 1, sr.SoftDelete))
	deleted, err := client.DeleteSubject(ctx, "franz-value", sr.HardDelete)
	say("DeleteSubject hard", deleted, err)
}

func main() {
	confluents(os.Args[1])
	franz(os.Args[1])
}
