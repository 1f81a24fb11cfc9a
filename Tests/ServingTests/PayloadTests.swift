import Domain
import Encoding
import Foundation
import Testing

@testable import Serving

/// Rows and answers in access records, where a deployment's policy has them kept.
struct PayloadTests {
  /// A plane whose deployments all go by one policy, and the records that it wrote.
  private final class Kept {
    let directory: URL
    let spool: RecordSpool
    let server: LiveServer

    init(
      _ policy: RecordsPolicy, whenFull: RecordSpool.WhenFull = .refuse, limits: RecordSpool.Limits = .init()
    ) throws {
      directory = FileManager.default.temporaryDirectory.appending(path: "payload-\(UUID().uuidString)")
      spool = try RecordSpool(
        directory: directory.path, instance: "0123456789abcdef", whenFull: whenFull, limits: limits)
      let models = try [TestModels.line(), TestModels.colour(), TestModels.sign()]
      let deployments = models.map { model in
        (
          model.reference.name.description,
          ServedDeployment(live: .model(model), versions: [:], policy: DeploymentPolicy(records: policy))
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
      let client = try server.connect()
      return try client.exchange(request("POST", path, key: "key", body: body, fields: fields))
    }

    /// Ends everything, and reads the payloads of all records.
    func payloads() throws -> [JSON?] {
      server.stop()
      spool.stop()
      let names = try FileManager.default.contentsOfDirectory(atPath: directory.path).sorted()
      return try names.filter { $0.hasSuffix(".segment") }.flatMap { name in
        let bytes = Array(try Data(contentsOf: directory.appending(path: name)))
        return try bytes.split(separator: UInt8(ascii: "\n")).dropFirst().map { line in
          let record = try #require(AccessRecord(json: try JSON(parsing: line.dropFirst(17))))
          return try record.payload.map { try JSON(parsing: Array($0.utf8)) }
        }
      }
    }
  }

  private static func policy(_ millionths: Int = 1_000_000, masked: [String] = []) throws -> RecordsPolicy {
    try RecordsPolicy(payloadMillionths: millionths, masked: masked, whenSpoolFull: nil)
  }

  @Test func `a record has rows and answers where the policy says so, and else neither`() throws {
    for (millionths, isKept) in [(1_000_000, true), (0, false)] {
      let kept = try Kept(Self.policy(millionths))
      #expect(try kept.ask("/models/line/predict", #"{"data":[[1,2],[3,4]]}"#).status == 200)
      let expected: JSON = [
        "rows": [
          ["input": [1, 2], "output": ["predict": [[5]]]], ["input": [3, 4], "output": ["predict": [[11]]]],
        ]
      ]
      #expect(try kept.payloads().map { $0?.canonicalText } == [isKept ? expected.canonicalText : nil])
    }
  }

  static let forms: [(String, String, [String])] = [
    ("/models/colour/predict", #"{"data":["red",77]}"#, []),
    ("/models/colour/predict", #"{"data":{"size":77,"colour":"red"}}"#, []),
    (
      "/models/colour/invocations", #"{"dataframe_split":{"columns":["size","colour"],"data":[[77,"red"]]}}"#,
      []
    ),
    ("/models/colour/predict", "colour,size\nred,77\n", ["Content-Type: text/csv"]),
    (
      "/v2/models/colour/infer",
      #"{"id":"77","inputs":[{"name":"colour","datatype":"BYTES","shape":[1,1],"data":["red"]},"#
        + #"{"name":"size","datatype":"FP64","shape":[1,1],"data":[77]}]}"#, []
    ),
  ]

  @Test(arguments: forms)
  func `a masked field stands in no record, whatever form the body had`(
    path: String, body: String, fields: [String]
  ) throws {
    let kept = try Kept(Self.policy(masked: ["size"]))
    #expect(try kept.ask(path, body, fields: fields).status == 200)
    let payload = try #require(try kept.payloads()[0])
    #expect(payload["rows"]?.array?.first?["input"] == ["red", ["masked": true]])
  }

  @Test func `an output can be masked, and a field that the model does not have leaves all out`() throws {
    let outputs = try Kept(Self.policy(masked: ["predict"]))
    #expect(try outputs.ask("/models/line/predict", #"{"data":[1,2]}"#).status == 200)
    let payload = try #require(try outputs.payloads()[0])
    #expect(payload["rows"]?.array?.first?["output"] == ["predict": ["masked": true]])
    let stranger = try Kept(Self.policy(masked: ["agee"]))
    #expect(try stranger.ask("/models/line/predict", #"{"data":[1,2]}"#).status == 200)
    #expect(try stranger.payloads()[0] == ["left_out": "a masked field is no feature of this version"])
  }

  @Test func `a payload has its bound, and says how many rows are left out`() throws {
    let kept = try Kept(Self.policy())
    let rows = [String](repeating: "[1,2]", count: 2000).joined(separator: ",")
    #expect(try kept.ask("/models/line/predict", "{\"data\":[\(rows)]}").status == 200)
    let payload = try #require(try kept.payloads()[0])
    let count = try #require(payload["rows"]?.array?.count)
    #expect(count > 100 && payload["left_out"] == JSON(2000 - count))
    #expect(payload.canonicalBytes.count <= PayloadForm.mostBytes + 64)
  }

  @Test func `what is refused has no payload`() throws {
    let kept = try Kept(Self.policy())
    #expect(try kept.ask("/models/line/predict", #"{"data":[1]}"#).status == 400)
    #expect(try kept.payloads() == [nil])
  }

  @Test(arguments: [(RecordSpool.WhenFull.goOn, RecordSpool.WhenFull.refuse, 200), (.refuse, .goOn, 503)])
  func `a deployment decides what becomes of answers without a record`(
    own: RecordSpool.WhenFull, process: RecordSpool.WhenFull, status: Int
  ) throws {
    var limits = RecordSpool.Limits()
    limits.spoolBytes = 100
    let policy = try RecordsPolicy(payloadMillionths: 0, masked: [], whenSpoolFull: own)
    let kept = try Kept(policy, whenFull: process, limits: limits)
    #expect(try kept.ask("/models/line/predict", #"{"data":[1,2]}"#).status == status)
  }
}
