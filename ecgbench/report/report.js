const large = document.getElementById("large");
document.addEventListener("click", (event) => {
  const small = event.target.closest(".zoom img, .zoom")?.closest(".zoom")?.querySelector("img");
  if (!small) return;
  const [image, text] = [large.querySelector("img"), large.querySelector("p")];
  image.src = small.src;
  image.alt = small.alt;
  text.textContent = small.alt;
  large.showModal();
});
large.addEventListener("click", (event) => {
  if (event.target === large || event.target.tagName === "IMG") large.close();
});
