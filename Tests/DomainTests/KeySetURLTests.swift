import Domain
import Testing

struct KeySetURLTests {
  @Test(arguments: [
    "https://id.example/keys", "https://id.example:8443/keys?a=b#c", "https://[2001:db8::1]/keys",
    "https://id.example",
    "http://127.0.0.1/keys", "http://127.0.0.1:8000/keys", "http://localhost:8000", "http://[::1]/keys",
    "http://[::1]:80",
  ])
  func `keys are fetched over https, or from this machine`(text: String) throws {
    #expect(try KeySetURL(parsing: text).description == text)
  }

  @Test(arguments: [
    "", "id.example/keys", "file:///etc/passwd", "http://id.example/keys",
    "http://127.0.0.1:80@evil.example/keys",
    "http://localhost:x@evil.example/", "https://user:secret@id.example/keys",
    "http://127.0.0.1.evil.example/",
    "http://localhost.evil.example/", "http://127.0.0.1:8x/", "https:///keys", "https://:443/keys",
    "http://[::1/keys",
    "http://[::1]x/", "http://localhost\\@evil.example/", "https://id.example/a b", "https://id.example/\n",
    "HTTP://a/",
  ])
  func `any other URL is refused`(text: String) {
    let problem = #expect(throws: Problem.self) { try KeySetURL(parsing: text) }
    #expect(problem?.code == "issuer.insecure")
  }

  @Test func `a URL has 255 characters at most`() throws {
    let most = "https://id.example/" + String(repeating: "a", count: 236)
    #expect(try KeySetURL(parsing: most).description == most)
    #expect(throws: Problem.self) { try KeySetURL(parsing: most + "a") }
  }
}
