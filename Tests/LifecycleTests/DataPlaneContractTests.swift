import TestKit
import Testing

struct DataPlaneContractTests {
  @Test func `the data plane in memory keeps the contract`() async throws {
    try await DataPlaneContract { InMemoryDataPlane() }.run()
  }
}
