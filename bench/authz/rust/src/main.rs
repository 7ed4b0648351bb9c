//! Nanoseconds of processor time per decision of awsim-iam-policy and cedar-policy on the inputs that its argument names:
//! one thread, warmed up, the least of five runs. Prints one line an engine: its name, a tab, the nanoseconds.
//!
//! Cedar has no ARN patterns, no conditions by key and no rule for two accounts: each IAM statement becomes one permit
//! or forbid with the same tests, and "both halves must allow" becomes two policy sets, asked one after the other.

use awsim_iam_policy as awsim;
use cedar_policy::{Authorizer, Context, Decision, Entities, EntityUid, PolicySet, Request};
use serde_json::Value;
use std::{collections::HashMap, fs, hint::black_box, str::FromStr};

const RUNS: usize = 5;

/// As C has it on 64-bit Linux.
#[repr(C)]
struct Timespec {
    seconds: i64,
    nanoseconds: i64,
}
extern "C" {
    fn clock_gettime(clock: i32, time: *mut Timespec) -> i32;
}

/// Processor time of this process: others on the machine do not count.
fn processor_nanoseconds() -> f64 {
    const CLOCK_PROCESS_CPUTIME_ID: i32 = 2;
    let mut time = Timespec {
        seconds: 0,
        nanoseconds: 0,
    };
    let status = unsafe { clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &mut time) };
    assert_eq!(status, 0, "the clock");
    time.seconds as f64 * 1e9 + time.nanoseconds as f64
}

fn strings(value: &Value) -> Vec<String> {
    match value {
        Value::Array(items) => items.iter().map(|item| item.as_str().unwrap().to_string()).collect(),
        Value::String(text) => vec![text.clone()],
        _ => vec![],
    }
}

fn any_of(tests: impl Iterator<Item = String>) -> String {
    format!("({})", tests.collect::<Vec<_>>().join(" || "))
}

/// Cedar has no `?`: `*` stands for it, and the inputs decide the same.
fn like(attribute: &str, patterns: &[String]) -> String {
    any_of(
        patterns
            .iter()
            .map(|p| format!("{attribute} like \"{}\"", p.replace('?', "*"))),
    )
}

fn condition(operator: &str, key: &str, values: &[String]) -> String {
    let attribute = format!("context[\"{key}\"]");
    match operator {
        "StringEquals" => any_of(values.iter().map(|v| format!("{attribute} == \"{v}\""))),
        "StringLike" => like(&attribute, values),
        "StringNotLike" => format!("!{}", like(&attribute, values)),
        "IpAddress" => any_of(values.iter().map(|v| format!("context.ip.isInRange(ip(\"{v}\"))"))),
        _ => panic!("the inputs have a new operator: {operator}"),
    }
}

fn cedar_policy(statement: &Value) -> String {
    let mut tests = vec![
        like("context.action", &strings(&statement["Action"])),
        like("context.resource", &strings(&statement["Resource"])),
    ];
    if let Some(names) = statement.get("Principal").and_then(|principal| principal.get("AWS")) {
        tests.push(any_of(
            strings(names).iter().map(|name| format!("context.role == \"{name}\"")),
        ));
    }
    for (operator, keys) in statement
        .get("Condition")
        .and_then(Value::as_object)
        .into_iter()
        .flatten()
    {
        for (key, values) in keys.as_object().unwrap() {
            tests.push(condition(operator, key, &strings(values)));
        }
    }
    let effect = if statement["Effect"] == "Allow" {
        "permit"
    } else {
        "forbid"
    };
    format!(
        "{effect}(principal, action, resource) when {{ {} }};\n",
        tests.join(" && ")
    )
}

fn cedar_policies(document: &Value) -> String {
    document["Statement"]
        .as_array()
        .unwrap()
        .iter()
        .map(cedar_policy)
        .collect()
}

fn measure(name: &str, decisions: u32, mut allows: impl FnMut() -> bool) {
    for _ in 0..decisions / 2 {
        assert!(black_box(allows()), "{name}: the inputs must allow");
    }
    let least = (0..RUNS)
        .map(|_| {
            let start = processor_nanoseconds();
            for _ in 0..decisions {
                black_box(allows());
            }
            (processor_nanoseconds() - start) / f64::from(decisions)
        })
        .fold(f64::INFINITY, f64::min);
    println!("{name}\t{least:.0}");
}

fn measure_cedar(inputs: &Value) {
    let asked = &inputs["request"];
    let mut context = asked["context"].as_object().unwrap().clone();
    for name in ["action", "resource", "role"] {
        context.insert(name.into(), asked[name].clone());
    }
    let address = serde_json::json!({"__extn": {"fn": "ip", "arg": asked["context"]["aws:SourceIp"]}});
    context.insert("ip".into(), address);
    let context = Value::Object(context);
    let uid = |kind: &str, name: &str| EntityUid::from_str(&format!("{kind}::{}", asked[name])).unwrap();
    let (role, action, resource) = (
        uid("Role", "role"),
        uid("Action", "action"),
        uid("Resource", "resource"),
    );

    let identity: String = inputs["identity"]
        .as_array()
        .unwrap()
        .iter()
        .map(cedar_policies)
        .collect();
    let identity = PolicySet::from_str(&identity).unwrap();
    let owner = PolicySet::from_str(&cedar_policies(&inputs["resource_policy"])).unwrap();
    let (authorizer, entities) = (Authorizer::new(), Entities::empty());
    let request = || {
        let context = Context::from_json_value(context.clone(), None).unwrap();
        Request::new(role.clone(), action.clone(), resource.clone(), context, None).unwrap()
    };
    let allows = |request: &Request| {
        let half = |policies| authorizer.is_authorized(request, policies, &entities).decision() == Decision::Allow;
        half(&identity) && half(&owner)
    };
    let once = request();
    measure("cedar-policy", 10_000, || allows(&once));
    measure(
        "cedar-policy, its request built each time",
        5_000,
        || allows(&request()),
    );
}

fn measure_awsim(inputs: &Value) {
    let asked = &inputs["request"];
    let text = |name: &str| asked[name].as_str().unwrap();
    let parsed = |document: &Value| awsim::parse(&document.to_string()).unwrap();
    let identity: Vec<_> = inputs["identity"].as_array().unwrap().iter().map(parsed).collect();
    let owner = parsed(&inputs["resource_policy"]);
    let context: HashMap<String, awsim::ContextValue> = asked["context"]
        .as_object()
        .unwrap()
        .iter()
        .map(|(key, value)| (key.clone(), awsim::ContextValue::String(value.as_str().unwrap().into())))
        .collect();
    let request = awsim::AuthzRequest {
        principal_arn: text("role"),
        principal_account: text("account"),
        action: text("action"),
        resource_arn: text("resource"),
        context: &context,
    };
    let policies = awsim::EvalContext {
        identity_policies: &identity,
        permissions_boundary: None,
        resource_policy: Some(&owner),
        scps: &[],
        session_policy: None,
    };
    measure("awsim-iam-policy", 50_000, || {
        awsim::evaluate(&request, &policies) == awsim::Decision::Allow
    });
}

fn main() {
    let path = std::env::args().nth(1).expect("usage: authz-bench INPUTS.json");
    let inputs: Value = serde_json::from_str(&fs::read_to_string(path).unwrap()).unwrap();
    measure_awsim(&inputs);
    measure_cedar(&inputs);
}
