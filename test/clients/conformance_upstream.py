"""The MCP server that the protocol's conformance suite asks for, behind which a gateway is judged: its tools, prompts
and resources by their names, for versions with a handshake and for 2026-07-28. Run: conformance_upstream.py PORT."""

import asyncio
import json
import sys
import warnings
from collections.abc import Awaitable, Callable
from typing import Any

import mcp_types as types
import uvicorn
from mcp.server.lowlevel import Server
from mcp.server.request_state import RequestStateBoundary, RequestStateSecurity
from mcp.shared.exceptions import MCPError

PNG = "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mP8z8DwHwAFBQIAX8jx0gAAAABJRU5ErkJggg=="
WAV = "UklGRiQAAABXQVZFZm10IBAAAAABAAEAQB8AAEAfAAABAAgAZGF0YQAAAAA="
MISSING_CAPABILITY = -32021

Tool = Callable[[Any, types.CallToolRequestParams], Awaitable[Any]]
TOOLS: dict[str, tuple[Tool, dict[str, Any]]] = {}

SCHEMA_2020_12 = {
    "$schema": "https://json-schema.org/draft/2020-12/schema",
    "type": "object",
    "$defs": {
        "address": {
            "$anchor": "addressDef",
            "type": "object",
            "properties": {"street": {"type": "string"}, "city": {"type": "string"}},
        }
    },
    "properties": {
        "name": {"type": "string"},
        "address": {"$ref": "#/$defs/address"},
        "contactMethod": {"type": "string", "enum": ["phone", "email"]},
        "phone": {"type": "string"},
        "email": {"type": "string"},
    },
    "allOf": [{"anyOf": [{"required": ["phone"]}, {"required": ["email"]}]}],
    "if": {"properties": {"contactMethod": {"const": "phone"}}, "required": ["contactMethod"]},
    "then": {"required": ["phone"]},
    "else": {"required": ["email"]},
    "additionalProperties": False,
}


def tool(name: str, **properties: Any) -> Callable[[Tool], Tool]:
    schema = {"type": "object", "properties": properties, "required": sorted(properties)}

    def keep(function: Tool) -> Tool:
        TOOLS[name] = (function, schema)
        return function

    return keep


def text(said: str, error: bool = False) -> types.CallToolResult:
    return types.CallToolResult(content=[types.TextContent(type="text", text=said)], is_error=error)


def embedded(uri: str, mime: str, said: str) -> types.EmbeddedResource:
    return types.EmbeddedResource(
        type="resource", resource=types.TextResourceContents(uri=uri, mime_type=mime, text=said)
    )


IMAGE = types.ImageContent(type="image", data=PNG, mime_type="image/png")


@tool("test_simple_text")
async def simple_text(ctx: Any, params: Any) -> Any:
    return text("This is a simple text response for testing.")


@tool("test_image_content")
async def image_content(ctx: Any, params: Any) -> Any:
    return types.CallToolResult(content=[IMAGE])


@tool("test_audio_content")
async def audio_content(ctx: Any, params: Any) -> Any:
    return types.CallToolResult(content=[types.AudioContent(type="audio", data=WAV, mime_type="audio/wav")])


@tool("test_embedded_resource")
async def embedded_resource(ctx: Any, params: Any) -> Any:
    return types.CallToolResult(
        content=[embedded("test://embedded-resource", "text/plain", "This is an embedded resource content.")]
    )


@tool("test_multiple_content_types")
async def multiple_content_types(ctx: Any, params: Any) -> Any:
    data = json.dumps({"test": "data", "value": 123}, separators=(",", ":"))
    return types.CallToolResult(
        content=[
            types.TextContent(type="text", text="Multiple content types test:"),
            IMAGE,
            embedded("test://mixed-content-resource", "application/json", data),
        ]
    )


@tool("test_error_handling")
async def error_handling(ctx: Any, params: Any) -> Any:
    return text("This tool intentionally returns an error for testing", error=True)


@tool("test_tool_with_progress")
async def with_progress(ctx: Any, params: Any) -> Any:
    for done in (0, 50, 100):
        await ctx.session.report_progress(done, 100)
        await asyncio.sleep(0.05)
    return text("done")


@tool("test_tool_with_logging")
async def with_logging(ctx: Any, params: Any) -> Any:
    for said in ("Tool execution started", "Tool processing data", "Tool execution completed"):
        await ctx.session.send_log_message(level="info", data=said, related_request_id=ctx.request_id)
        await asyncio.sleep(0.05)
    return text("done")


@tool("test_logging_tool")
async def logging_tool(ctx: Any, params: Any) -> Any:
    return await with_logging(ctx, params)


@tool("test_sampling", prompt={"type": "string"})
async def sampling(ctx: Any, params: Any) -> Any:
    said = types.TextContent(type="text", text=params.arguments["prompt"])
    answer = await ctx.session.create_message(
        messages=[types.SamplingMessage(role="user", content=said)], max_tokens=100, related_request_id=ctx.request_id
    )
    return text(f"LLM response: {answer.content.text}")


async def elicit(ctx: Any, message: str, properties: dict[str, Any], prefix: str) -> Any:
    schema = {"type": "object", "properties": properties, "required": list(properties)}
    answer = await ctx.session.elicit_form(message, schema, ctx.request_id)
    return text(f"{prefix}: action={answer.action}, content={json.dumps(answer.content)}")


@tool("test_elicitation", message={"type": "string"})
async def elicitation(ctx: Any, params: Any) -> Any:
    asked = {
        "username": {"type": "string", "description": "User's response"},
        "email": {"type": "string", "description": "User's email address"},
    }
    return await elicit(ctx, params.arguments["message"], asked, "User response")


@tool("test_elicitation_sep1034_defaults")
async def elicitation_defaults(ctx: Any, params: Any) -> Any:
    asked = {
        "name": {"type": "string", "default": "John Doe"},
        "age": {"type": "integer", "default": 30},
        "score": {"type": "number", "default": 95.5},
        "status": {"type": "string", "enum": ["active", "inactive", "pending"], "default": "active"},
        "verified": {"type": "boolean", "default": True},
    }
    return await elicit(ctx, "Please check these values", asked, "Elicitation completed")


@tool("test_elicitation_sep1330_enums")
async def elicitation_enums(ctx: Any, params: Any) -> Any:
    titled = [{"const": f"value{i}", "title": f"{word} Option"} for i, word in enumerate(("First", "Second"), 1)]
    options = ["option1", "option2", "option3"]
    asked = {
        "untitledSingle": {"type": "string", "enum": options},
        "titledSingle": {"type": "string", "oneOf": titled},
        "legacyEnum": {
            "type": "string",
            "enum": ["opt1", "opt2", "opt3"],
            "enumNames": ["Option One", "Option Two", "Option Three"],
        },
        "untitledMulti": {"type": "array", "items": {"type": "string", "enum": options}},
        "titledMulti": {"type": "array", "items": {"anyOf": titled}},
    }
    return await elicit(ctx, "Please choose", asked, "Elicitation completed")


@tool("json_schema_2020_12_tool")
async def json_schema(ctx: Any, params: Any) -> Any:
    return text(json.dumps(params.arguments))


TOOLS["json_schema_2020_12_tool"] = (json_schema, SCHEMA_2020_12)


@tool("test_missing_capability")
async def missing_capability(ctx: Any, params: Any) -> Any:
    declared = ctx.session.client_params.capabilities if ctx.session.client_params else None
    if declared is None or declared.sampling is None:
        needs = {"requiredCapabilities": {"sampling": {}}}
        raise MCPError(code=MISSING_CAPABILITY, message="Missing required client capability: sampling", data=needs)
    return text("sampling is declared")


def form(message: str, **properties: Any) -> dict[str, Any]:
    schema = {"type": "object", "properties": properties, "required": list(properties)}
    return {"method": "elicitation/create", "params": {"mode": "form", "message": message, "requestedSchema": schema}}


def sample(said: str, tokens: int) -> dict[str, Any]:
    message = {"role": "user", "content": {"type": "text", "text": said}}
    return {"method": "sampling/createMessage", "params": {"messages": [message], "maxTokens": tokens}}


ROOTS = {"method": "roots/list", "params": {}}
NAME = form("What is your name?", name={"type": "string"})


def required(requests: dict[str, Any], state: str | None = None) -> types.InputRequiredResult:
    said: dict[str, Any] = {"resultType": "input_required", "inputRequests": requests}
    if state is not None:
        said["requestState"] = state
    return types.InputRequiredResult.model_validate(said)


def answered(params: Any, *keys: str) -> bool:
    return all(key in (params.input_responses or {}) for key in keys)


@tool("test_input_required_result_elicitation")
async def asks_elicitation(ctx: Any, params: Any) -> Any:
    if not answered(params, "user_name"):
        return required({"user_name": NAME})
    return text(f"Hello, {(params.input_responses['user_name'].content or {}).get('name')}!")


@tool("test_streaming_elicitation")
async def streaming_elicitation(ctx: Any, params: Any) -> Any:
    return await asks_elicitation(ctx, params)


@tool("test_input_required_result_sampling")
async def asks_sampling(ctx: Any, params: Any) -> Any:
    if not answered(params, "capital_question"):
        return required({"capital_question": sample("What is the capital of France?", 100)})
    return text("answered")


@tool("test_input_required_result_list_roots")
async def asks_roots(ctx: Any, params: Any) -> Any:
    return text("answered") if answered(params, "client_roots") else required({"client_roots": ROOTS})


@tool("test_input_required_result_request_state")
async def asks_with_state(ctx: Any, params: Any) -> Any:
    if not answered(params, "confirm") or params.request_state != "confirming":
        return required({"confirm": form("Please confirm", ok={"type": "boolean"})}, "confirming")
    return text("state-ok")


@tool("test_input_required_result_tampered_state")
async def asks_with_sealed_state(ctx: Any, params: Any) -> Any:
    return await asks_with_state(ctx, params)


@tool("test_input_required_result_multiple_inputs")
async def asks_much(ctx: Any, params: Any) -> Any:
    if answered(params, "user_name", "greeting", "client_roots"):
        return text("answered")
    return required({"user_name": NAME, "greeting": sample("Generate a greeting", 50), "client_roots": ROOTS}, "much")


@tool("test_input_required_result_multi_round")
async def asks_again(ctx: Any, params: Any) -> Any:
    if params.request_state == "two" and answered(params, "step2"):
        return text("answered")
    if params.request_state == "one" and answered(params, "step1"):
        return required({"step2": form("Step 2: What is your favorite color?", color={"type": "string"})}, "two")
    return required({"step1": form("Step 1: What is your name?", name={"type": "string"})}, "one")


@tool("test_input_required_result_capabilities")
async def asks_what_was_declared(ctx: Any, params: Any) -> Any:
    declared = ctx.session.client_params.capabilities
    requests = {}
    if declared.sampling is not None:
        requests["sampled"] = sample("Say something", 10)
    if declared.elicitation is not None:
        requests["user_name"] = NAME
    return required(requests)


async def list_tools(ctx: Any, params: Any) -> types.ListToolsResult:
    return types.ListToolsResult(
        tools=[types.Tool(name=name, description=f"Conformance: {name}", input_schema=schema)
               for name, (_, schema) in TOOLS.items()]
    )


async def call_tool(ctx: Any, params: types.CallToolRequestParams) -> Any:
    if params.name not in TOOLS:
        raise MCPError(code=-32602, message=f"Unknown tool: {params.name}")
    return await TOOLS[params.name][0](ctx, params)


RESOURCES = {
    "test://static-text": ("text/plain", "This is the content of the static text resource."),
    "test://watched-resource": ("text/plain", "Watched resource content."),
}


async def list_resources(ctx: Any, params: Any) -> types.ListResourcesResult:
    listed = [(uri, mime) for uri, (mime, _) in RESOURCES.items()] + [("test://static-binary", "image/png")]
    return types.ListResourcesResult(
        resources=[types.Resource(uri=uri, name=uri[7:], description=f"Conformance: {uri}", mime_type=mime)
                   for uri, mime in listed]
    )


async def list_templates(ctx: Any, params: Any) -> types.ListResourceTemplatesResult:
    one = types.ResourceTemplate(
        uri_template="test://template/{id}/data",
        name="template",
        description="Conformance",
        mime_type="application/json",
    )
    return types.ListResourceTemplatesResult(resource_templates=[one])


async def read_resource(ctx: Any, params: types.ReadResourceRequestParams) -> types.ReadResourceResult:
    uri = str(params.uri)
    if uri == "test://static-binary":
        blob = types.BlobResourceContents(uri=uri, mime_type="image/png", blob=PNG)
        return types.ReadResourceResult(contents=[blob])
    if uri.startswith("test://template/") and uri.endswith("/data"):
        key = uri.removeprefix("test://template/").removesuffix("/data")
        said = json.dumps({"id": key, "templateTest": True, "data": f"Data for ID: {key}"})
        return types.ReadResourceResult(
            contents=[types.TextResourceContents(uri=uri, mime_type="application/json", text=said)]
        )
    if uri not in RESOURCES:
        modern = ctx.protocol_version >= "2026-07-28"
        raise MCPError(code=-32602 if modern else -32002, message=f"Resource not found: {uri}", data={"uri": uri})
    mime, said = RESOURCES[uri]
    return types.ReadResourceResult(contents=[types.TextResourceContents(uri=uri, mime_type=mime, text=said)])


def argument(name: str) -> types.PromptArgument:
    return types.PromptArgument(name=name, description=f"{name}, for tests", required=True)


PROMPTS = {
    "test_simple_prompt": [],
    "test_prompt_with_arguments": [argument("arg1"), argument("arg2")],
    "test_prompt_with_embedded_resource": [argument("resourceUri")],
    "test_prompt_with_image": [],
    "test_input_required_result_prompt": [],
}


async def list_prompts(ctx: Any, params: Any) -> types.ListPromptsResult:
    return types.ListPromptsResult(
        prompts=[types.Prompt(name=name, description=f"Conformance: {name}", arguments=arguments)
                 for name, arguments in PROMPTS.items()]
    )


async def get_prompt(ctx: Any, params: types.GetPromptRequestParams) -> Any:
    given = params.arguments or {}
    content: list[Any]
    match params.name:
        case "test_simple_prompt":
            content = ["This is a simple prompt for testing."]
        case "test_prompt_with_arguments":
            content = [f"Prompt with arguments: arg1='{given['arg1']}', arg2='{given['arg2']}'"]
        case "test_prompt_with_embedded_resource":
            inside = embedded(given["resourceUri"], "text/plain", "Embedded resource content for testing.")
            content = [inside, "Please process the embedded resource above."]
        case "test_prompt_with_image":
            content = [IMAGE, "Please analyze the image above."]
        case "test_input_required_result_prompt":
            if not answered(params, "user_context"):
                return required(
                    {"user_context": form("What context should the prompt use?", context={"type": "string"})}
                )
            content = ["Prompt with context."]
        case _:
            raise MCPError(code=-32602, message=f"Unknown prompt: {params.name}")
    parts = [types.TextContent(type="text", text=part) if isinstance(part, str) else part for part in content]
    return types.GetPromptResult(messages=[types.PromptMessage(role="user", content=part) for part in parts])


async def complete(ctx: Any, params: types.CompleteRequestParams) -> types.CompleteResult:
    words = [word for word in ("paris", "park", "party") if word.startswith(params.argument.value)]
    return types.CompleteResult(completion=types.Completion(values=words, total=len(words), has_more=False))


async def nothing(ctx: Any, params: Any) -> types.EmptyResult:
    return types.EmptyResult()


def main() -> None:
    warnings.simplefilter("ignore")
    server = Server(
        "conformance-upstream",
        version="1.0.0",
        on_list_tools=list_tools,
        on_call_tool=call_tool,
        on_list_resources=list_resources,
        on_list_resource_templates=list_templates,
        on_read_resource=read_resource,
        on_subscribe_resource=nothing,
        on_unsubscribe_resource=nothing,
        on_list_prompts=list_prompts,
        on_get_prompt=get_prompt,
        on_completion=complete,
        on_set_logging_level=nothing,
    )
    server.middleware.append(RequestStateBoundary(RequestStateSecurity.ephemeral(), default_audience=server.name))
    uvicorn.run(server.streamable_http_app(), host="127.0.0.1", port=int(sys.argv[1]), log_level="warning")


if __name__ == "__main__":
    main()
