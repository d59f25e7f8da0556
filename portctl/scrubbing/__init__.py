"""The last net under secrets: finding values in text, whatever a service or a library has made of them."""
