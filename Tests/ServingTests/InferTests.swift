import Domain
import Encoding
import Testing

@testable import Serving

struct InferTests {
  private func infer(_ body: String, model: String = "line") throws -> Received {
    let plane = DataPlane(
      limits: PlaneLimits(), version: "1", table: try .serving(TestModels.line(), TestModels.sign()))
    return try Transport.memory.exchange(
      request("POST", "/v2/models/\(model)/infer", key: "\(model)-key", body: body), with: plane)
  }

  private func input(_ datatype: String, _ data: String, shape: String = "[1,2]") -> String {
    #"{"id":"q1","inputs":[{"name":"input","shape":\#(shape),"datatype":"\#(datatype)","data":\#(data)}]}"#
  }

  @Test(arguments: ["[1152921504606846976,0]", "[1000000,0]", "[1,0]", "[2]"])
  func `rows of no features are refused by a model that reads none`(shape: String) throws {
    let plane = DataPlane(limits: PlaneLimits(), version: "1", table: try .serving(TestModels.constant()))
    func ask(_ shape: String, _ data: String) throws -> Received {
      let body = #"{"inputs":[{"name":"input","shape":\#(shape),"datatype":"FP64","data":\#(data)}]}"#
      return try Transport.memory.exchange(
        request("POST", "/v2/models/constant/infer", key: "constant-key", body: body), with: plane)
    }
    let refused = try ask(shape, shape == "[2]" ? "[1,2]" : "[]")
    #expect(refused.status == 400)
    #expect(try ask("[2,3]", "[1,2,3,4,5,6]").json?["outputs"]?.array?.first?["data"] == [3.0, 3.0])
  }

  @Test func `an inference is answered with the id, the version and every output`() throws {
    let received = try infer(
      #"{"id":"a\"b","inputs":[{"name":"input","shape":[2,1],"datatype":"FP64","data":[[-1],[0]]}]}"#,
      model: "sign")
    #expect(received.status == 200)
    #expect(received.json?["id"] == #"a"b"#)
    #expect(received.json?["model_name"] == "sign")
    #expect(received.json?["model_version"] == "1")
    let outputs = try #require(received.json?["outputs"]?.array)
    #expect(outputs.map { $0["name"]?.string } == ["predict", "predict_proba", "decision_function"])
    #expect(outputs[0]["data"] == ["low", "low"])
    #expect(outputs[1]["shape"] == [2, 2])
    #expect(outputs[2]["data"] == [.number(-1), .number(0)])
  }

  @Test func `only the outputs that were named are answered, in their order`() throws {
    let received = try infer(
      #"{"inputs":[{"name":"input","shape":[1,1],"datatype":"INT64","data":[1]}],"outputs":["#
        + #"{"name":"decision_function","parameters":{"binary_data":false}},{"name":"predict"}]}"#,
      model: "sign")
    #expect(
      received.json?["outputs"]?.array?.map { $0["name"]?.string } == ["decision_function", "predict"])
    #expect(received.json?["id"] == nil)
  }

  @Test(arguments: NumericDatatype.allCases)
  func `every numeric datatype is taken, flat and nested`(datatype: NumericDatatype) throws {
    for data in ["[1,0]", "[[1,0]]"] {
      let received = try infer(input(datatype.rawValue, data))
      #expect(received.json?["outputs"]?.array?.first?["data"] == [.number(1)], "\(datatype) \(data)")
    }
  }

  @Test(arguments: [
    ("UINT8", "[256,0]"), ("UINT8", "[-1,0]"), ("INT8", "[-129,0]"), ("INT32", "[2147483648,0]"),
    ("INT64", "[1.5,0]"), ("INT64", "[9007199254740993,0]"), ("UINT64", "[18446744073709551615,0]"),
    ("INT64", "[null,0]"), ("BOOL", "[2,0]"), ("FP16", "[70000,0]"), ("FP32", "[1e39,0]"),
    ("FP64", "[\"1\",0]"),
  ])
  func `an element outside its datatype is refused`(datatype: String, data: String) throws {
    let received = try infer(input(datatype, data))
    #expect(received.status == 400)
    #expect(received.code == "infer.element")
    #expect(received.json?["position"] == "/inputs/0/data/0")
  }

  @Test func `a single-precision element is rounded as the client's own array was`() throws {
    let received = try infer(input("FP32", "[0.1,0]"))
    #expect(received.json?["outputs"]?.array?.first?["data"] == [.number(Double(Float(0.1)))])
  }

  @Test(arguments: [
    (#"[]"#, "infer.malformed"), (#"{}"#, "infer.malformed"), (#"{"inputs":[]}"#, "infer.malformed"),
    (#"{"inputs":[1]}"#, "infer.malformed"), (#"{"id":1,"inputs":[]}"#, "infer.malformed"),
    (#"{"inputs":[{"name":"x","shape":[1,2],"datatype":"FP64","data":[1,2]}]}"#, "infer.malformed"),
    (#"{"inputs":[{"name":"input","shape":[1,2],"datatype":"BYTES","data":["a","b"]}]}"#, "infer.malformed"),
    (#"{"inputs":[{"name":"input","shape":[2],"datatype":"FP64","data":[1,2]}]}"#, "infer.malformed"),
    (#"{"inputs":[{"name":"input","shape":[0,2],"datatype":"FP64","data":[]}]}"#, "infer.malformed"),
    (
      #"{"inputs":[{"name":"input","shape":[1,3],"datatype":"FP64","data":[1,2,3]}]}"#,
      "predict.feature-count"
    ),
    (#"{"inputs":[{"name":"input","shape":[2,2],"datatype":"FP64","data":[1,2]}]}"#, "infer.malformed"),
    (
      #"{"inputs":[{"name":"input","shape":[4611686018427387904,2],"datatype":"FP64","data":[1,2]}]}"#,
      "infer.malformed"
    ),
    (#"{"inputs":[{"name":"input","shape":[1,2],"datatype":"FP64","data":[[1],[2]]}]}"#, "infer.malformed"),
    (
      #"{"inputs":[{"name":"input","shape":[1,2],"datatype":"FP64","parameters":{"binary_data_size":16}}]}"#,
      "infer.malformed"
    ),
    (
      #"{"inputs":[{"name":"input","shape":[1,2],"datatype":"FP64","parameters":{"shared_memory_region":"x"}}]}"#,
      "infer.unsupported-parameter"
    ),
    (
      #"{"inputs":[{"name":"input","shape":[1,2],"datatype":"FP64","data":[1,2]}],"outputs":[{"name":"x"}]}"#,
      "predict.no-such-method"
    ),
  ])
  func `a request that is not the protocol's is refused with its reason`(body: String, code: String) throws {
    let received = try infer(body)
    #expect(received.status == 400)
    #expect(received.code == code)
  }
}
