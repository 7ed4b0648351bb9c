// Package authz measures one decision of github.com/minio/pkg/v3/policy on the inputs that AUTHZ_INPUTS names.
//
// That package knows the ARNs and actions of S3 alone: the documents are rewritten to S3's terms, with as many
// policies, statements, patterns and conditions, and both halves are asked.
package authz

import (
	"encoding/json"
	"os"
	"strings"
	"syscall"
	"testing"

	"github.com/minio/pkg/v3/policy"
)

type object = map[string]any

// bucketAndObject splits an ARN so that each of its fields lies in a bucket's name or an object's.
func bucketAndObject(arn string) (string, string) {
	fields := strings.SplitN(arn, ":", 6)
	return "b" + fields[2] + fields[4], fields[5]
}

func resources(value any) []string {
	list, many := value.([]any)
	if !many {
		list = []any{value}
	}
	var out []string
	for _, arn := range list {
		bucket, name := bucketAndObject(arn.(string))
		out = append(out, "arn:aws:s3:::"+bucket+"/"+name)
	}
	return out
}

// condition has as many keys and values as the statement's own, in keys that the package knows.
func condition(ours, names, denies bool) object {
	switch {
	case ours && !names && !denies:
		return object{
			"StringEquals": object{"aws:username": "u", "aws:UserAgent": "a"},
			"StringLike":   object{"aws:Referer": "red*"},
			"IpAddress":    object{"aws:SourceIp": []string{"10.0.0.0/8", "127.0.0.0/8"}},
		}
	case ours && denies:
		return object{"StringNotLike": object{"aws:username": []string{"u", "v"}}}
	case ours:
		return object{"StringEquals": object{"aws:username": "u"}}
	}
	return object{"StringEquals": object{"aws:UserAgent": "z"}}
}

func rewritten(statement object) object {
	resource := resources(statement["Resource"])
	ours := strings.Contains(resource[0], "bbedrock-agentcore")
	denies := statement["Effect"] == "Deny"
	out := object{
		"Effect":   statement["Effect"],
		"Action":   []string{"s3:GetObject", "s3:PutObject"},
		"Resource": resource,
	}
	if ours && denies {
		out["Action"] = []string{"s3:*"}
	}
	principal, names := statement["Principal"]
	if principal == "*" {
		out["Principal"] = object{"AWS": []string{"*"}}
	} else if names {
		out["Principal"] = object{"AWS": []string{principal.(object)["AWS"].(string)}}
	}
	if _, conditional := statement["Condition"]; conditional {
		out["Condition"] = condition(ours, names, denies)
	}
	return out
}

func document(b *testing.B, from any) *strings.Reader {
	var statements []object
	for _, statement := range from.(object)["Statement"].([]any) {
		statements = append(statements, rewritten(statement.(object)))
	}
	text, err := json.Marshal(object{"Version": "2012-10-17", "Statement": statements})
	if err != nil {
		b.Fatal(err)
	}
	return strings.NewReader(string(text))
}

func inputs(b *testing.B) object {
	text, err := os.ReadFile(os.Getenv("AUTHZ_INPUTS"))
	if err != nil {
		b.Fatal(err)
	}
	var out object
	if err := json.Unmarshal(text, &out); err != nil {
		b.Fatal(err)
	}
	return out
}

// processorNanoseconds is this process's, its garbage collector included: others on the machine do not count.
func processorNanoseconds(b *testing.B) float64 {
	var usage syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &usage); err != nil {
		b.Fatal(err)
	}
	return float64(usage.Utime.Nano() + usage.Stime.Nano())
}

func BenchmarkDecision(b *testing.B) {
	given := inputs(b)
	request := given["request"].(object)
	bucket, name := bucketAndObject(request["resource"].(string))

	var identity []*policy.Policy
	for _, one := range given["identity"].([]any) {
		parsed, err := policy.ParseConfig(document(b, one))
		if err != nil {
			b.Fatal(err)
		}
		identity = append(identity, parsed)
	}
	owner, err := policy.ParseBucketPolicyConfig(document(b, given["resource_policy"]), bucket)
	if err != nil {
		b.Fatal(err)
	}

	values := map[string][]string{
		"username":        {"u"},
		"UserAgent":       {"a"},
		"Referer":         {"red-7"},
		"SourceIp":        {"127.0.0.1"},
		"SecureTransport": {"true"},
	}
	asked := policy.Args{
		AccountName: "u", Action: policy.GetObjectAction, BucketName: bucket, ObjectName: name, ConditionValues: values,
	}
	denials := asked
	denials.DenyOnly = true
	ownerAsked := policy.BucketPolicyArgs{
		AccountName: request["role"].(string), Action: policy.GetObjectAction, BucketName: bucket, ObjectName: name,
		ConditionValues: values,
	}
	allows := func() bool {
		granted := false
		for _, one := range identity {
			if !one.IsAllowed(denials) {
				return false
			}
			granted = one.IsAllowed(asked) || granted
		}
		return granted && owner.IsAllowed(ownerAsked)
	}
	if !allows() {
		b.Fatal("the inputs must allow")
	}
	b.ResetTimer()
	start := processorNanoseconds(b)
	for i := 0; i < b.N; i++ {
		allows()
	}
	b.ReportMetric((processorNanoseconds(b)-start)/float64(b.N), "cpu-ns/op")
}
