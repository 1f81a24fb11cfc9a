import Domain
import Encoding
import NIOHPACK
import Testing

@testable import Serving

/// Traces of callers, and which requests leave spans.
struct TraceContextTests {
  private static let trace = "4bf92f3577b34da6a3ce929d0e0e4736"

  @Test(arguments: [
    ("00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01", true),
    ("cc-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01-what-comes", true),
    ("00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01-more", false),
    ("ff-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01", false),
    ("00-00000000000000000000000000000000-00f067aa0ba902b7-01", false),
    ("00-4bf92f3577b34da6a3ce929d0e0e4736-0000000000000000-01", false),
    ("00-4BF92F3577B34DA6A3CE929D0E0E4736-00f067aa0ba902b7-01", false),
    ("00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-0x", false),
    ("00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7", false), ("", false), ("00-", false),
  ])
  func `only a field of the specification's form is a trace`(field: String, isTrace: Bool) {
    #expect(TraceParent(field)?.trace == (isTrace ? Self.trace : nil))
  }

  @Test func `a field tells the caller's span and whether it keeps the trace`() {
    let kept = TraceParent("00-\(Self.trace)-00f067aa0ba902b7-01")
    #expect(kept?.span == 0x00f0_67aa_0ba9_02b7)
    #expect(kept?.isSampled == true)
    // Flags that a later version may bring say nothing of this one.
    #expect(TraceParent("00-\(Self.trace)-00f067aa0ba902b7-02")?.isSampled == false)
    #expect(TraceParent("00-\(Self.trace)-00f067aa0ba902b7-03")?.isSampled == true)
  }

  @Test func `what is no list of a state is not passed on`() {
    #expect(
      TraceState.accepted("congo=t61rcWkgMzE,rojo=00f067aa0ba902b7")
        == "congo=t61rcWkgMzE,rojo=00f067aa0ba902b7")
    #expect(TraceState.accepted(nil).isEmpty)
    #expect(TraceState.accepted("nothing").isEmpty)
    #expect(TraceState.accepted("a=\u{1b}[31m").isEmpty)
    #expect(TraceState.accepted("a=" + String(repeating: "x", count: 511)).isEmpty)
  }

  @Test func `a share of the traces is taken, the same ones every time`() {
    let numbers = TraceNumbers(process: "0123456789abcdef")
    let traces = (0..<10_000).map { _ in numbers.next() }
    #expect(Set(traces).count == traces.count)
    let tenth = TraceSampling(share: 0.1)
    #expect(900...1100 ~= traces.count(where: tenth.takes))
    // Who takes more takes those that others take, too.
    let half = TraceSampling(share: 0.5)
    #expect(traces.filter(tenth.takes).allSatisfy(half.takes))
    #expect(traces.allSatisfy(TraceSampling(share: 1).takes))
    #expect(!traces.contains(where: TraceSampling(share: 0).takes))
  }

  @Test func `a call of gRPC brings the trace of its caller, and its state`() {
    var call = GRPCFields.inference("ModelInfer").with("traceparent", "00-\(Self.trace)-00f067aa0ba902b7-01")
    for state in ["a=1", "b=2"] { call.headers.add(name: "tracestate", value: state) }
    let head = GRPCHead(call.headers).request
    #expect(head.traceParent == "00-\(Self.trace)-00f067aa0ba902b7-01")
    #expect(head.traceState == "a=1,b=2")
  }

  @Test func `span ids are never 0 and come once`() {
    let numbers = TraceNumbers(process: "0123456789abcdef")
    let spans = (0..<1000).map { _ in numbers.nextSpan() }
    #expect(Set(spans).count == 1000)
    #expect(!spans.contains(0))
  }

  @Test func `who sends a trace is told our span in it, and who sends none is not`() throws {
    let plane = DataPlane(limits: PlaneLimits(), version: "1", table: try .serving(TestModels.line()))
    func response(_ fields: String...) throws -> String? {
      let text = request("POST", "/predict", key: "line-key", body: #"{"data":[1,2]}"#, fields: fields)
      return try Transport.memory.exchange(text, with: plane).fields["traceresponse"]
    }
    #expect(try response() == nil)
    #expect(try response("traceparent: nonsense") == nil)
    // Nobody takes spans here: the flag says that ours is not kept.
    let told = try #require(try response("traceparent: 00-\(Self.trace)-00f067aa0ba902b7-01"))
    #expect(told.hasPrefix("00-\(Self.trace)-"))
    #expect(told.hasSuffix("-00"))
    #expect(TraceParent(told)?.span != 0x00f0_67aa_0ba9_02b7)
  }
}

struct CollectorAddressTests {
  @Test(arguments: [
    ("http://127.0.0.1", "http://127.0.0.1:4318/v1/traces"),
    ("http://collector:4318/", "http://collector:4318/v1/traces"),
    ("http://otel.example.org:80/in/traces", "http://otel.example.org:80/in/traces"),
    ("https://otel.example.org", "https://otel.example.org:4318/v1/traces"),
    ("http://[::1]:4318", "http://[::1]:4318/v1/traces"), ("http://[::1]", "http://[::1]:4318/v1/traces"),
  ])
  func `a URL is completed by what the protocol has`(text: String, whole: String) throws {
    #expect(try CollectorAddress(parsing: text).description == whole)
  }

  @Test(arguments: [
    "", "127.0.0.1:4318", "ftp://x", "http://", "http://:4318", "http://a:0", "http://a:65536", "http://a:b",
    "http://user@host", "http://a/b?c", "http://a/b#c", "http://a/b c", "http://a\r\nX: y", "http://[::1",
    "http://a:b:c",
  ])
  func `what is no URL of a collector is refused`(text: String) {
    let problem = #expect(throws: Problem.self) { try CollectorAddress(parsing: text) }
    #expect(problem?.code == "otlp.malformed-url")
  }
}
