// Searches and inserts with typed arrays, for the graphs of hnswlib-node, whose own calls take and return plain arrays
// and one query each: converting them costs a third of a search. The addon is compiled from this file in place of the
// package's own (deploy/local/parts/hnswlib.mjs) and exports what that exports and one object more, `typedArrays`,
// which typed-arrays.ts declares.

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <exception>
#include <stdexcept>
#include <string>
#include <vector>

#include <napi.h>

// The package is one source file without a header, so it is included as it is. Of its last line, which registers the
// module, nothing is left; the last line of this file does that instead.
#pragma push_macro("NODE_API_MODULE")
#undef NODE_API_MODULE
#define NODE_API_MODULE(name, initialise)
#include "hnswlib-node/src/addon.cc"
#pragma pop_macro("NODE_API_MODULE")

namespace typed_arrays {

/** Becomes a TypeError in JavaScript, as std::out_of_range becomes a RangeError. */
struct WrongType : std::invalid_argument {
  using std::invalid_argument::invalid_argument;
};

/** The first argument: a graph that `initIndex` or `readIndex` has filled. */
HierarchicalNSW& graphOf(const Napi::CallbackInfo& info) {
  // The instance data is the constructor of HierarchicalNSW: the package stores that of the class it registers last.
  const auto* constructor = info.Env().GetInstanceData<Napi::FunctionReference>();
  if (!info[0].IsObject() || !info[0].As<Napi::Object>().InstanceOf(constructor->Value())) {
    throw WrongType("graph must be a HierarchicalNSW");
  }
  void* graph = nullptr;
  napi_unwrap(info.Env(), info[0], &graph);
  if (graph == nullptr || static_cast<HierarchicalNSW*>(graph)->index_ == nullptr) {
    throw std::out_of_range("graph is not initialised: call initIndex or readIndex before");
  }
  return *static_cast<HierarchicalNSW*>(graph);
}

/** @throws std::out_of_range for anything but a whole number of 32 bits */
uint32_t wholeNumberOf(const Napi::Value& value, const std::string& name) {
  const double number = value.IsNumber() ? value.As<Napi::Number>().DoubleValue() : -1;
  if (!(number >= 0 && number <= UINT32_MAX) || number != std::floor(number)) {
    throw std::out_of_range(name + " must be a whole number from 0 to 4294967295");
  }
  return static_cast<uint32_t>(number);
}

/** @throws WrongType, or std::out_of_range for another length */
template <typename Array>
Array arrayOf(const Napi::Value& value, napi_typedarray_type type, size_t length, const std::string& name) {
  if (!value.IsTypedArray() || value.As<Napi::TypedArray>().TypedArrayType() != type) {
    throw WrongType(name + " must be a " + (type == napi_float32_array ? "Float32Array" : "Uint32Array"));
  }
  const auto array = value.As<Array>();
  if (array.ElementLength() != length) {
    throw std::out_of_range(name + " must have " + std::to_string(length) + " elements, not " +
                            std::to_string(array.ElementLength()));
  }
  return array;
}

Napi::Float32Array floatsOf(const Napi::Value& value, size_t length, const std::string& name) {
  return arrayOf<Napi::Float32Array>(value, napi_float32_array, length, name);
}

Napi::Uint32Array integersOf(const Napi::Value& value, size_t length, const std::string& name) {
  return arrayOf<Napi::Uint32Array>(value, napi_uint32_array, length, name);
}

/** NaN compares with nothing, so one in the graph would make its searches miss whatever is linked behind it. */
Napi::Float32Array vectorsOf(const Napi::Value& value, size_t length, const std::string& name) {
  const auto array = floatsOf(value, length, name);
  const float* end = array.Data() + length;
  const float* fault = std::find_if_not(array.Data(), end, [](float component) { return std::isfinite(component); });
  if (fault != end) {
    throw std::out_of_range(name + "[" + std::to_string(fault - array.Data()) + "] must be a finite number");
  }
  return array;
}

/** As the package's own calls do, a graph of space `cosine` takes vectors at length 1. */
const float* prepare(const HierarchicalNSW& graph, const float* vector, std::vector<float>& scaled) {
  if (!graph.normalize_) return vector;
  scaled.assign(vector, vector + graph.dim_);
  normalizePoint(scaled);
  return scaled.data();
}

/** searchKnn(graph, queries, k, labels, distances, counts): fills the last three. */
void searchKnn(const Napi::CallbackInfo& info) {
  const HierarchicalNSW& graph = graphOf(info);
  const size_t k = wholeNumberOf(info[2], "k");
  const size_t queryCount = info[5].IsTypedArray() ? info[5].As<Napi::TypedArray>().ElementLength() : 0;
  auto counts = integersOf(info[5], queryCount, "counts");
  const auto queries = vectorsOf(info[1], queryCount * graph.dim_, "queries");
  auto labels = integersOf(info[3], queryCount * k, "labels");
  auto distances = floatsOf(info[4], queryCount * k, "distances");

  std::vector<float> scaled;
  for (size_t query = 0; query < queryCount; query++) {
    auto found = graph.index_->searchKnn(prepare(graph, queries.Data() + query * graph.dim_, scaled), k);
    counts[query] = static_cast<uint32_t>(found.size());
    // The heap has the farthest on top.
    for (size_t place = query * k + found.size(); !found.empty(); found.pop()) {
      place -= 1;
      distances[place] = found.top().first;
      labels[place] = static_cast<uint32_t>(found.top().second);
    }
  }
}

/** addPoint(graph, vector, label) */
void addPoint(const Napi::CallbackInfo& info) {
  const HierarchicalNSW& graph = graphOf(info);
  const auto vector = vectorsOf(info[1], graph.dim_, "vector");
  const uint32_t label = wholeNumberOf(info[2], "label");
  std::vector<float> scaled;
  graph.index_->addPoint(prepare(graph, vector.Data(), scaled), label);
}

/** Neither side understands the exceptions of the other, so none may leave a function that JavaScript calls. */
template <void (*function)(const Napi::CallbackInfo&)>
void guarded(const Napi::CallbackInfo& info) {
  try {
    function(info);
  } catch (const WrongType& error) {
    Napi::TypeError::New(info.Env(), error.what()).ThrowAsJavaScriptException();
  } catch (const std::out_of_range& error) {
    Napi::RangeError::New(info.Env(), error.what()).ThrowAsJavaScriptException();
  } catch (const std::exception& error) {
    Napi::Error::New(info.Env(), error.what()).ThrowAsJavaScriptException();
  }
}

Napi::Object initialise(Napi::Env env, Napi::Object exports) {
  Init(env, exports);
  auto functions = Napi::Object::New(env);
  functions.Set("searchKnn", Napi::Function::New<guarded<searchKnn>>(env, "searchKnn"));
  functions.Set("addPoint", Napi::Function::New<guarded<addPoint>>(env, "addPoint"));
  exports.Set("typedArrays", functions);
  return exports;
}

} // namespace typed_arrays

using typed_arrays::initialise;
NODE_API_MODULE(addon, initialise)
