import Domain
import Encoding
import Monitoring
import TestKit
import Testing

@testable import Serving

/// What is done to rows before a model is asked and to answers before they leave, in every form that they come in.
@Suite struct DefendedAnswerTests {
  private static let checks = DefencePolicy.InputRules(
    action: .refuse, tolerance: 0.5, categories: true, missing: true)

  private func ask(
    _ customers: DefendedCustomers, _ defences: DefencePolicy, _ path: String, _ body: String,
    fields: [String] = []
  ) throws -> Received {
    try Transport.memory.exchange(
      request("POST", path, key: "key-0", body: body, fields: fields), with: try customers.plane(defences))
  }

  private static func text(_ row: [Double]) -> String {
    JSON.array(row.map { .number($0) }).canonicalText
  }

  @Test func `a row unlike training's is refused in every form, and no bound of training is told`() throws {
    let customers = try DefendedCustomers()
    var row = customers.training[0]
    row[2] = 4_000
    let refusing = DefencePolicy(inputs: Self.checks)
    let tensor = "{\"name\":\"input\",\"shape\":[1,8],\"datatype\":\"FP64\",\"data\":\(Self.text(row))}"
    let received = [
      try ask(customers, refusing, "/models/customers/predict", "{\"data\":\(Self.text(row))}"),
      try ask(customers, refusing, "/models/customers/invocations", "{\"inputs\":[\(Self.text(row))]}"),
      try ask(customers, refusing, "/v2/models/customers/infer", "{\"inputs\":[\(tensor)]}"),
      try ask(
        customers, refusing, "/models/customers/predict",
        "f0,f1,f2,f3,f4,f5,f6,f7\n" + row.map { "\($0)" }.joined(separator: ",") + "\n",
        fields: ["Content-Type: text/csv"]),
    ]
    for answer in received {
      #expect(answer.status == 422 && answer.code == "predict.unlike-training")
      #expect(
        answer.json?["error"] == "expected rows like those that the model was trained on, found another 'f2'")
      #expect(answer.json?["position"] == "row 0")
    }
    #expect(customers.model.watch.losses.guardedRequests == 4)
    let like = try ask(
      customers, refusing, "/models/customers/predict", "{\"data\":\(Self.text(customers.training[1]))}")
    #expect(like.status == 200)
  }

  @Test func `a row unlike training's is answered and counted where it is to be noted`() throws {
    let customers = try DefendedCustomers()
    var row = customers.training[0]
    row[0] = -9_999
    var rules = Self.checks
    rules.action = .note
    let body = "{\"data\":[\(Self.text(row)),\(Self.text(customers.training[1])),\(Self.text(row))]}"
    let answer = try ask(customers, DefencePolicy(inputs: rules), "/models/customers/predict", body)
    #expect(answer.status == 200)
    #expect(customers.model.watch.losses.notedRows == 2)
    #expect(customers.model.watch.takeLosses().notedRows == 2)
  }

  @Test func `a model of which nobody knows the training is asked whatever comes`() throws {
    let deployment = ServedDeployment(
      live: .model(try TestModels.line()), versions: [:],
      policy: DeploymentPolicy(defences: DefencePolicy(inputs: Self.checks, callers: .refuse)))
    let table = RoutingTable(
      generation: 1, deployments: ["line": deployment],
      keys: KeyRing([try .record(of: "key", opening: "line")]))
    let plane = DataPlane(limits: PlaneLimits(), version: "1", table: table)
    let answer = try Transport.memory.exchange(
      request("POST", "/models/line/predict", key: "key", body: #"{"data": [1e300, 2]}"#), with: plane)
    #expect(answer.status == 200)
  }

  @Test func `probabilities leave with so many digits in every form, and what is kept and compared has all`()
    throws
  {
    let customers = try DefendedCustomers()
    let rounding = DefencePolicy(disclosure: .digits(2))
    let row = customers.training[3]
    let tensor = "{\"name\":\"input\",\"shape\":[1,8],\"datatype\":\"FP64\",\"data\":\(Self.text(row))}"
    let plain = try ask(
      customers, rounding, "/models/customers/predict",
      "{\"data\":[\(Self.text(row))],\"method\":\"predict_proba\"}")
    let tensors = try ask(customers, rounding, "/v2/models/customers/infer", "{\"inputs\":[\(tensor)]}")
    let exact = Customers.Model.logistic.probability(row)
    let expected = JSON.array([
      .number(DefencePolicy.rounded(1 - exact, digits: 2)), .number(DefencePolicy.rounded(exact, digits: 2)),
    ])
    #expect(plain.json?["result"] == .array([expected]))
    let outputs = try #require(tensors.json?["outputs"]?.array)
    #expect(outputs.map { $0["name"]?.string } == ["predict", "predict_proba"])
    #expect(outputs[1]["data"] == expected)
    // A process that takes another's place is asked for what the model says.
    let sample = customers.model.sample(keepingRows: true)
    #expect(try customers.model.answers(to: sample) == sample.cases.map(\.answers))
  }

  @Test(arguments: [true, false])
  func `a call of gRPC is answered with so many digits, typed and raw`(isRaw: Bool) throws {
    let customers = try DefendedCustomers()
    let server = try GRPCServer(try customers.plane(DefencePolicy(disclosure: .digits(2))))
    let row = customers.training[3]
    let message =
      isRaw ? InferMessage.rawRow(row, model: "customers") : InferMessage.row(row, model: "customers")
    let answer = try InferAnswer(
      try server.call(GRPCFields.inference("ModelInfer", key: "key-0"), message.bytes).whole())
    let exact = Customers.Model.logistic.probability(row)
    let expected = [
      DefencePolicy.rounded(1 - exact, digits: 2), DefencePolicy.rounded(exact, digits: 2),
    ]
    #expect(answer.outputs.map(\.name) == ["predict", "predict_proba"])
    if isRaw {
      #expect(answer.raw.last == expected.flatMap(\.bitPattern.littleEndianBytes))
    } else {
      #expect(answer.outputs.last?.doubles == expected)
    }
  }

  @Test func `labels alone leave where nobody names scores, and who names them is refused`() throws {
    let customers = try DefendedCustomers()
    let labels = DefencePolicy(disclosure: .labels)
    let row = Self.text(customers.training[3])
    let tensor = "{\"name\":\"input\",\"shape\":[1,8],\"datatype\":\"FP64\",\"data\":\(row)}"
    #expect(try ask(customers, labels, "/models/customers/predict", "{\"data\":\(row)}").status == 200)
    let all = try ask(customers, labels, "/v2/models/customers/infer", "{\"inputs\":[\(tensor)]}")
    #expect(all.json?["outputs"]?.array?.map { $0["name"]?.string } == ["predict"])
    for (path, body) in [
      ("/models/customers/predict", "{\"data\":\(row),\"method\":\"predict_proba\"}"),
      ("/v2/models/customers/infer", "{\"inputs\":[\(tensor)],\"outputs\":[{\"name\":\"predict_proba\"}]}"),
    ] {
      let refused = try ask(customers, labels, path, body)
      #expect(refused.status == 403 && refused.code == "predict.scores-withheld")
    }
  }
}
