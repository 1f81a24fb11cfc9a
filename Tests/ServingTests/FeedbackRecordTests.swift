import Domain
import Encoding
import Foundation
import Monitoring
import NIOHPACK
import Provenance
import Testing

@testable import Serving

/// What models said in access records, where a deployment awaits labels.
struct FeedbackRecordTests {
  /// A plane whose deployments all go by one policy, and the records that it wrote.
  private final class Kept {
    let directory: URL
    let spool: RecordSpool
    let server: LiveServer

    init(_ policy: DeploymentPolicy = DeploymentPolicy(feedbackMillionths: 1_000_000)) throws {
      directory = FileManager.default.temporaryDirectory.appending(path: "feedback-\(UUID().uuidString)")
      spool = try RecordSpool(directory: directory.path, instance: "0123456789abcdef")
      let models = try [TestModels.line(), TestModels.colour(), TestModels.sign()]
      let deployments = models.map { model in
        (
          model.reference.name.description,
          ServedDeployment(live: .model(model), versions: [:], policy: policy)
        )
      }
      let keys = try deployments.map { try PlaneState.Key.record(of: "key", opening: $0.0) }
      server = try LiveServer(
        DataPlane(
          limits: PlaneLimits(), version: "1",
          table: RoutingTable(
            generation: 1, deployments: Dictionary(uniqueKeysWithValues: deployments), keys: KeyRing(keys)),
          spool: spool))
    }

    deinit { try? FileManager.default.removeItem(at: directory) }

    func ask(_ path: String, _ body: String, fields: [String] = []) throws -> Received {
      try server.connect().exchange(request("POST", path, key: "key", body: body, fields: fields))
    }

    /// Ends everything, and reads all records, as texts too.
    func records() throws -> [(record: AccessRecord, text: String)] {
      server.stop()
      spool.stop()
      let names = try FileManager.default.contentsOfDirectory(atPath: directory.path).sorted()
      return try names.filter { $0.hasSuffix(".segment") }.flatMap { name in
        let bytes = Array(try Data(contentsOf: directory.appending(path: name)))
        return try bytes.split(separator: UInt8(ascii: "\n")).dropFirst().map { line in
          let text = line.dropFirst(17)
          return (
            try #require(AccessRecord(json: try JSON(parsing: text))), String(decoding: text, as: UTF8.self)
          )
        }
      }
    }

    func said() throws -> [String?] { try records().map(\.record.said) }
  }

  static let forms: [(String, String, [String])] = [
    ("/models/line/predict", #"{"data":[[3,4.125],[1,2]]}"#, []),
    ("/models/line/invocations", #"{"inputs":[[3,4.125],[1,2]]}"#, []),
    ("/models/line/predict", "a,b\n3,4.125\n1,2\n", ["Content-Type: text/csv"]),
    (
      "/v2/models/line/infer",
      #"{"inputs":[{"name":"input","datatype":"FP64","shape":[2,2],"data":[3,4.125,1,2]}]}"#, []
    ),
  ]

  @Test(arguments: forms)
  func `a record has what was said, whatever form the body had, and nothing that was sent`(
    path: String, body: String, fields: [String]
  ) throws {
    let kept = try Kept()
    #expect(try kept.ask(path, body, fields: fields).status == 200)
    let record = try #require(try kept.records().first)
    #expect(record.record.said == "[0,0,11.25,5.0]")
    #expect(record.record.feedbackKey == nil && record.record.payload == nil)
    #expect(!record.text.contains("4.125"))
  }

  @Test func `a call of gRPC leaves what was said, and its key, as any other`() throws {
    let kept = try Kept()
    let client = try GRPCClient(port: kept.server.port, of: kept)
    var fields = GRPCFields.inference("ModelInfer", key: "key")
    fields.headers.add(name: "gatehouse-feedback-key", value: "order-7")
    #expect(try client.call(fields, InferMessage.rawRow([1, 2]).bytes).status == 0)
    var broken = GRPCFields.inference("ModelInfer", key: "key")
    broken.headers.add(name: "gatehouse-feedback-key", value: "two words")
    #expect(try client.call(broken, InferMessage.rawRow([1, 2]).bytes).code == "request.feedback-key")
    let salt = kept.spool.salt
    let record = try #require(try kept.records().first?.record)
    #expect(record.said == "[0,0,5.0]")
    let key = FeedbackKey.digest("order-7", of: try ModelName(parsing: "line"), salt: salt)
    #expect(record.feedbackKey == key)
  }

  @Test func `binary tensors leave what was said`() throws {
    let kept = try Kept()
    let json =
      #"{"inputs":[{"name":"input","datatype":"FP64","shape":[1,2],"#
      + #""parameters":{"binary_data_size":16}}]}"#
    let numbers = [1.0, 2.0].flatMap { $0.bitPattern.littleEndianBytes }
    let client = try kept.server.connect()
    var bytes = Array(
      """
      POST /v2/models/line/infer HTTP/1.1\r
      Host: test\r
      Authorization: Bearer key\r
      Inference-Header-Content-Length: \(json.utf8.count)\r
      Content-Length: \(json.utf8.count + 16)\r
      \r

      """.utf8)
    bytes += Array(json.utf8) + numbers
    try client.send(bytes)
    #expect(try client.receive().status == 200)
    #expect(try kept.said() == ["[0,0,5.0]"])
  }

  @Test func `of a classifier it is the class and its score, as the model said them before they are blunted`()
    throws
  {
    let probability = 1 / (1 + exponential(-1.3))
    for disclosure in [DefencePolicy.Disclosure.full, .digits(1)] {
      let kept = try Kept(
        DeploymentPolicy(
          defences: DefencePolicy(disclosure: disclosure), feedbackMillionths: 1_000_000))
      let body = #"{"inputs":[{"name":"input","datatype":"FP64","shape":[1,1],"data":[1.3]}]}"#
      #expect(try kept.ask("/v2/models/sign/infer", body).status == 200)
      let said = try #require(try kept.said().first ?? nil)
      let rows = try #require(SaidRows(parsing: said)).rows
      guard case .binary(1, let score?) = rows.first else {
        Issue.record("expected the second class with a score, found \(said)")
        continue
      }
      #expect(abs(score - probability) < 1e-12)
    }
  }

  @Test func `what is masked is not kept, nor anything where a mask is of no field`() throws {
    func policy(_ masked: String...) throws -> DeploymentPolicy {
      DeploymentPolicy(
        records: try RecordsPolicy(payloadMillionths: 0, masked: masked, whenSpoolFull: nil),
        feedbackMillionths: 1_000_000)
    }
    let body = #"{"inputs":[{"name":"input","datatype":"FP64","shape":[1,1],"data":[1.3]}]}"#
    for (masked, said) in [
      ("predict", nil), ("predict_proba", "[2,0,[1]]"), ("predcit", nil),
    ] as [(String, String?)] {
      let kept = try Kept(try policy(masked))
      #expect(try kept.ask("/v2/models/sign/infer", body).status == 200)
      #expect(try kept.said() == [said])
    }
    let feature = try Kept(try policy("size"))
    #expect(try feature.ask("/models/colour/predict", #"{"data":["red",77]}"#).status == 200)
    #expect(try feature.said() == ["[0,0,87.0]"])
  }

  @Test func `without labels awaited, and where a request is refused, a record has neither`() throws {
    let off = try Kept(.standard)
    #expect(
      try off.ask("/models/line/predict", #"{"data":[1,2]}"#, fields: ["Gatehouse-Feedback-Key: a"]).status
        == 200)
    let record = try #require(try off.records().first?.record)
    #expect(record.said == nil && record.feedbackKey == nil)
    let on = try Kept()
    #expect(
      try on.ask("/models/line/predict", #"{"data":[1]}"#, fields: ["Gatehouse-Feedback-Key: a"]).status
        == 400)
    let refused = try #require(try on.records().first?.record)
    #expect(refused.said == nil && refused.feedbackKey == nil)
  }

  @Test(
    arguments: [
      ["Gatehouse-Feedback-Key: two words"], ["Gatehouse-Feedback-Key: "],
      ["Gatehouse-Feedback-Key: \(String(repeating: "x", count: 129))"],
      ["Gatehouse-Feedback-Key: a", "Gatehouse-Feedback-Key: b"],
    ]) func `a key that is none is refused`(fields: [String]) throws
  {
    let plane = DataPlane(limits: PlaneLimits(), version: "1", table: try .serving(TestModels.line()))
    let answer = try Transport.memory.exchange(
      request("POST", "/predict", key: "line-key", body: #"{"data":[1,2]}"#, fields: fields), with: plane)
    #expect((answer.status, answer.code) == (400, "request.feedback-key"))
  }

  @Test func `of many rows the first are kept, and the others counted`() throws {
    let kept = try Kept()
    let rows = [String](repeating: "[1,2]", count: 100).joined(separator: ",")
    #expect(try kept.ask("/models/line/predict", "{\"data\":[\(rows)]}").status == 200)
    let said = try #require(try kept.said().first ?? nil)
    let read = try #require(SaidRows(parsing: said))
    #expect((read.rows.count, read.leftOut) == (64, 36))
  }
}
