import Encoding
import Testing

@testable import Serving

struct GRPCReflectionTests {
  private func ask(_ number: Int, _ text: String) throws -> [Int: ArraySlice<UInt8>] {
    var writer = ProtobufWriter()
    writer.text(number, text)
    return try fields(of: try Reflection.services.answer(writer.bytes[...])[...])
  }

  @Test func `the services are listed`() throws {
    let list = try ask(7, "*")[6]
    var reader = ProtobufReader(try #require(list), origin: 0)
    var names: [String] = []
    while let service = try reader.next() {
      let name = try fields(of: service.bytes)[1]
      names.append(String(decoding: try #require(name), as: UTF8.self))
    }
    #expect(
      names == [
        "grpc.health.v1.Health", "grpc.reflection.v1.ServerReflection",
        "grpc.reflection.v1alpha.ServerReflection",
        "inference.GRPCInferenceService",
      ])
  }

  @Test(arguments: GRPCMethod.allCases)
  func `every method that is served is described`(method: GRPCMethod) throws {
    let symbol = method.rawValue.dropFirst().split(separator: "/").joined(separator: ".")
    #expect(try ask(4, symbol)[4] != nil, "\(symbol)")
  }

  @Test(arguments: [
    "inference.ModelInferRequest.InferInputTensor", "inference.ModelInferRequest.InferInputTensor.shape",
    "grpc.health.v1.HealthCheckResponse.ServingStatus", "inference.InferTensorContents.fp64_contents",
  ])
  func `messages, fields and enumerations are found by their names`(symbol: String) throws {
    #expect(try ask(4, symbol)[4] != nil)
  }

  @Test func `a file is found by its name, and what is not there is told`() throws {
    #expect(try ask(3, "grpc/health/v1/health.proto")[4] != nil)
    let refusal = try fields(of: try ask(3, "x.proto")[7])
    #expect(
      refusal[2].map { String(decoding: $0, as: UTF8.self) }
        == "expected a file or a symbol of the services, found 'x.proto'")
    #expect(try ask(6, "inference.ModelInferRequest")[7] != nil)
    #expect(try ask(1, "host")[7] != nil)
  }
}
