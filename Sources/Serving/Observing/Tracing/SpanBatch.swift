import Domain
import Encoding

/// Spans as a collector takes them: an `ExportTraceServiceRequest` of OpenTelemetry's protocol, in the wire format of
/// protocol buffers.
///
/// Field numbers are those of opentelemetry-proto 1.x (`trace.proto`, `common.proto`, `resource.proto`); names of
/// attributes those of OpenTelemetry's semantic conventions for HTTP and RPC, and our own under `gatehouse.`.
struct SpanBatch {
  /// Whom the spans are of.
  struct Resource: Sendable {
    var name: String
    let version: String
    let instance: String
  }

  /// `SPAN_KIND_SERVER` and `STATUS_CODE_ERROR`.
  private static let serverKind: Int64 = 2
  private static let errorStatus: Int64 = 2
  /// `SPAN_FLAGS_CONTEXT_HAS_IS_REMOTE_MASK` and `SPAN_FLAGS_CONTEXT_IS_REMOTE_MASK`, beside the flag of W3C.
  private static let sampledFlag: UInt32 = 0x001
  private static let hasRemoteFlag: UInt32 = 0x100
  private static let remoteFlag: UInt32 = 0x200

  /// Writes spans down.
  static func encode(_ spans: some Collection<RequestSpan>, of resource: Resource) -> [UInt8] {
    var request = ProtobufWriter()
    request.message(1) { resourceSpans in
      resourceSpans.message(1) { writer in
        writer.attribute(1, "service.name", resource.name)
        writer.attribute(1, "service.version", resource.version)
        writer.attribute(1, "service.instance.id", resource.instance)
      }
      resourceSpans.message(2) { scopeSpans in
        scopeSpans.message(1) { scope in
          scope.text(1, "gatehouse.serving")
          scope.text(2, resource.version)
        }
        for span in spans { scopeSpans.message(2) { write(span, to: &$0) } }
      }
    }
    return request.bytes
  }

  private static func write(_ span: RequestSpan, to writer: inout ProtobufWriter) {
    let context = span.context
    writer.field(1, Hexadecimal.decode(context.trace) ?? [])
    writer.field(2, OpenSpan.bytes(of: context.span))
    if !context.state.isEmpty { writer.text(3, context.state) }
    if let parent = context.parent { writer.field(4, OpenSpan.bytes(of: parent)) }
    writer.text(5, name(of: span))
    writer.integer(6, serverKind)
    writer.fixed64(7, UInt64(clamping: span.request.start))
    writer.fixed64(8, UInt64(clamping: span.request.start + span.record.nanoseconds))
    writeAttributes(of: span, to: &writer)
    // A caller's mistake is no error of the server's span (semantic conventions for HTTP, "Status").
    if span.status >= 500 { writer.message(15) { $0.integer(3, errorStatus) } }
    writer.fixed32(16, sampledFlag | (context.parent == nil ? 0 : hasRemoteFlag | remoteFlag))
  }

  /// Of few values: what was asked by, never what a caller can make up.
  private static func name(of span: RequestSpan) -> String {
    guard !span.request.transport.isGRPC else { return call(of: span) ?? "grpc" }
    let method = method(of: span) ?? "HTTP"
    return span.request.route.map { "\(method) \($0)" } ?? method
  }

  /// The service and the method of gRPC; nil where it asks for one that is not served.
  private static func call(of span: RequestSpan) -> String? {
    span.request.route == nil ? nil : String(span.context.path.drop { $0 == "/" })
  }

  /// The method of HTTP; nil where it is none that the conventions know.
  private static func method(of span: RequestSpan) -> String? {
    let known: Set = ["GET", "HEAD", "POST", "PUT", "DELETE", "CONNECT", "OPTIONS", "TRACE", "PATCH"]
    return known.contains(span.context.method) ? span.context.method : nil
  }

  private static func writeAttributes(of span: RequestSpan, to writer: inout ProtobufWriter) {
    let (record, context) = (span.record, span.context)
    if span.request.transport.isGRPC {
      writer.attribute(9, "rpc.system", "grpc")
      writer.attribute(9, "rpc.grpc.status_code", GRPCStatus.Code(httpStatus: span.status).rawValue)
      if let call = call(of: span), let slash = call.firstIndex(of: "/") {
        writer.attribute(9, "rpc.service", String(call[..<slash]))
        writer.attribute(9, "rpc.method", String(call[call.index(after: slash)...]))
      }
    } else {
      writer.attribute(9, "http.request.method", method(of: span) ?? "_OTHER")
      if let route = span.request.route { writer.attribute(9, "http.route", route) }
      writer.attribute(9, "url.path", context.path.excerpt(256))
      writer.attribute(9, "url.scheme", span.request.transport.isEncrypted ? "https" : "http")
      writer.attribute(9, "http.response.status_code", span.status)
    }
    writer.attribute(9, "network.protocol.version", span.request.transport.version.rawValue)
    if span.status >= 500 { writer.attribute(9, "error.type", span.code ?? String(span.status)) }
    if let deployment = record.deployment {
      writer.attribute(9, "gatehouse.deployment", deployment.description)
    }
    if let version = record.version { writer.attribute(9, "gatehouse.version", version) }
    if let code = span.code { writer.attribute(9, "gatehouse.code", code) }
    if let receipt = span.receipt { writer.attribute(9, "gatehouse.receipt", receipt.description) }
    guard record.rows > 0 else { return }
    writer.attribute(9, "gatehouse.rows", record.rows)
    writer.attribute(9, "gatehouse.queue_nanoseconds", span.request.times.queue)
    writer.attribute(9, "gatehouse.decode_nanoseconds", span.request.times.input)
    writer.attribute(9, "gatehouse.infer_nanoseconds", span.request.times.inference)
    writer.attribute(9, "gatehouse.encode_nanoseconds", span.request.times.output)
  }
}

extension ProtobufWriter {
  /// Appends a `KeyValue` whose value is a text.
  fileprivate mutating func attribute(_ number: Int, _ key: String, _ value: String) {
    message(number) { pair in
      pair.text(1, key)
      pair.message(2) { $0.text(1, value) }
    }
  }

  /// Appends a `KeyValue` whose value is an integer.
  fileprivate mutating func attribute(_ number: Int, _ key: String, _ value: Int) {
    message(number) { pair in
      pair.text(1, key)
      pair.message(2) { $0.integer(3, Int64(value)) }
    }
  }
}

/// What a collector says of spans that it took: an `ExportTraceServiceResponse`.
struct ExportAnswer: Equatable {
  /// How many of them it did not take after all.
  var rejected = 0
  /// What it says about that.
  var message = ""

  /// Reads the answer; what is none says nothing.
  init(parsing bytes: [UInt8]) {
    var reader = ProtobufReader(bytes[...], origin: 0)
    while let field = try? reader.next() {
      guard field.number == 1, let inner = field.bytes else { continue }
      var partial = ProtobufReader(inner, origin: 0)
      while let field = try? partial.next() {
        if field.number == 1, let count = field.integer { rejected = Int(clamping: max(0, count)) }
        if field.number == 2, let text = field.bytes { message = String(decoding: text, as: UTF8.self) }
      }
    }
  }
}
